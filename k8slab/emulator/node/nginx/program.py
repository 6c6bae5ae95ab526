"""Starts and ends the real nginx of one container."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import crossplane

from k8slab.emulator.api import (
    ContainerLog,
    ContainerSpec,
    DialError,
    ExecRequest,
    ExecStreams,
    Fabric,
    RunningContainer,
    Source,
)  # fmt: skip
from k8slab.emulator.nginx.process import NginxProcess
from k8slab.emulator.node.host_client import HostContainer, HostProgram, ProgramHost, ToolResult
from k8slab.emulator.node.nginx.entrypoint import ENTRYPOINT, lay_out_scripts, prepare
from k8slab.emulator.node.nginx.layout import lay_out
from k8slab.emulator.node.nginx.lines import Origin, as_in_a_container, origins, renamed, with_own_line
from k8slab.emulator.node.nginx.load import load
from k8slab.emulator.node.nginx.refusals import EndedContainer, PortTakenError, Refusal
from k8slab.emulator.node.nginx.streams import Collected, LogStreams
from k8slab.emulator.node.nginx.taint import check_paths
from k8slab.emulator.node.nginx.translate import ConfigurationError, Places, Translation, translate

ToolShell = Callable[..., Any]


class NginxProgram:
    """``emulator.api.Program`` for the nginx image."""

    def __init__(self, fabric: Fabric, run_dir: Path, host: ProgramHost) -> None:
        self._fabric = fabric
        self._run_dir = run_dir
        self._host = host

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> RunningContainer:
        """Start nginx, or the manifest's own command with nginx at hand; raises ``StartError``.

        A configuration that nginx refuses or a port that another container has is the end of a program that did start.
        """
        root = Path(spec.root)
        lay_out(root)
        lay_out_scripts(root)
        container = NginxContainer(self._fabric, self._run_dir, spec, log, self._host.run_command)
        words = [*spec.command, *spec.args]
        own = [word for word in words[:1] if word != ENTRYPOINT] + words[1:]
        if Path((own or [""])[0]).name not in ("nginx", "nginx-debug"):
            inner = await HostProgram(self._host).start(
                replace(spec, command=(), args=tuple(own)), log, container.run_tool
            )
            return HostedNginx(inner, container)
        try:
            if words[:1] == [ENTRYPOINT]:
                await container.prepare()
            await container.begin()
        except ConfigurationError as error:
            return EndedContainer(1, Refusal(log).configuration(str(error)))
        except PortTakenError as error:
            return EndedContainer(1, Refusal(log).ports(error.ports))
        return container


class NginxContainer:
    """One running master with its worker."""

    def __init__(self, fabric: Fabric, run_dir: Path, spec: ContainerSpec, log: ContainerLog, shell: ToolShell) -> None:
        self._fabric = fabric
        self._spec = spec
        self._log = log
        self._shell = shell
        scratch = run_dir / "n" / f"{spec.pod_uid[:8]}-{spec.container[:16]}"
        self._places = Places(spec.root, str(scratch / "s"), str(scratch))
        self._process = NginxProcess(str(scratch), f"{scratch}/nginx.conf", self._copy)
        self._ports: set[int] = set()
        self._origins: list[Origin] = []
        self._begun = False

    async def begin(self) -> None:
        """Write the configuration and start the master.

        Raises ``ConfigurationError``, ``PortTakenError``, ``StartError``.
        """
        Path(self._places.sockets).mkdir(parents=True, exist_ok=True)
        translation = self._translated()
        taken = [port for port in sorted(translation.ports) if await self._is_taken(port)]
        if taken:
            raise PortTakenError(taken)
        await self._write(translation)
        sockets = [self._places.socket(port) for port in sorted(translation.ports)]
        await self._process.start(sockets, self._spec.root)
        self._announce(translation.ports)

    async def _is_taken(self, port: int) -> bool:
        """Tell whether another container of the pod listens already."""
        spec = self._spec
        source = Source(spec.pod_address, spec.namespace, spec.pod_name)
        try:
            route = await self._fabric.route(source, "127.0.0.1", port)
        except DialError:
            return False
        return route.socket_path != self._places.socket(port)

    @property
    def _configuration(self) -> str:
        return f"{self._places.scratch}/nginx.conf"

    def _translated(self) -> Translation:
        config = load(self._places)
        check_paths(config)
        return translate(config, self._places, as_root=os.geteuid() == 0)

    async def _write(self, translation: Translation) -> None:
        source = Source(self._spec.pod_address, self._spec.namespace, self._spec.pod_name)
        for (host, port), name in translation.upstreams.items():
            link = Path(self._places.sockets) / name
            link.unlink(missing_ok=True)
            link.symlink_to(await self._fabric.upstream(source, host, port))
        self._origins = origins(translation.directives)
        text: str = crossplane.build(translation.directives)
        Path(self._configuration).write_text(text + "\n")

    def _announce(self, ports: set[int]) -> None:
        for port in self._ports - ports:
            self._fabric.unlisten(self._spec.pod_address, port)
        for port in ports:
            self._fabric.listen(self._spec.pod_address, port, self._places.socket(port))
        self._ports = set(ports)

    def _copy(self, stream: str, line: bytes) -> None:
        shown = self._shown(line)
        self._begun = self._begun or b"start worker process" in line
        if not self._begun:
            shown = with_own_line(shown)
        self._log.write("stdout" if stream == "stdout" else "stderr", shown)

    def _shown(self, data: bytes) -> bytes:
        """Return what nginx printed with the container's paths and the learner's lines."""
        text = renamed(data.decode(errors="surrogateescape"), self._configuration, self._origins)
        text = as_in_a_container(text.replace(self._places.root, ""), self._process.pid, self._version())
        return text.encode(errors="surrogateescape")

    async def wait(self) -> int:
        """Return the exit code when the master ends."""
        code = await self._process.wait()
        self._announce(set())
        return code

    async def stop(self, grace_seconds: float) -> None:
        """Ask nginx to end after its open requests (SIGQUIT, the image's stop signal), then by force."""
        self._announce(set())
        await self._process.stop(grace_seconds)

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Run ``nginx`` itself on this container's configuration; anything else goes to the shell."""
        if Path(request.command[0]).name == "nginx":
            return await self._nginx(list(request.command[1:]), streams)
        code: int = await self._shell(self._spec, request, streams, "", self.run_tool)
        return code

    async def prepare(self) -> None:
        """Do what the image's entrypoint does before nginx starts."""
        streams = LogStreams(self._log)

        async def run(path: str) -> object:
            return await self._shell(self._spec, ExecRequest(self._spec.container, ("/bin/sh", path)), streams)

        def say(line: str) -> None:
            self._log.write("stdout", f"{line}\n".encode())

        await prepare(Path(self._spec.root), self._spec.env, say, run)

    async def run_tool(self, arguments: list[str]) -> ToolResult:
        """Run ``nginx`` for a shell of the container; in the foreground until it ends."""
        streams = Collected()
        if any(word in ("-v", "-V", "-t", "-T", "-s") for word in arguments):
            return streams.result(await self._nginx(arguments, streams))
        if self._ports:
            await streams.write_stderr(b"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n")
            return streams.result(1)
        try:
            await self.begin()
        except ConfigurationError as error:
            await Refusal(self._log).configuration(str(error))
            return streams.result(1)
        except PortTakenError as error:
            await Refusal(self._log).ports(error.ports)
            return streams.result(1)
        foreground = any("daemon off" in word for word in arguments) or self._daemon_off()
        return streams.result(await self.wait() if foreground else 0)

    def _daemon_off(self) -> bool:
        return any(e["directive"] == "daemon" and e["args"][:1] == ["off"] for e in load(self._places))

    async def _nginx(self, arguments: list[str], streams: ExecStreams) -> int:
        if arguments[:1] in (["-v"], ["-V"]):
            await streams.write_stderr(f"nginx version: nginx/{self._version()}\n".encode())
            return 0
        if arguments[:1] not in (["-t"], ["-T"], ["-s"]):
            await streams.write_stderr(
                b"nginx: [emerg] this container's nginx is running already; use -t, -v or -s reload\n"
            )
            return 1
        if arguments[0] == "-s" and not self._process.pid:
            await streams.write_stderr(b'nginx: [error] invalid PID number "" in "/run/nginx.pid"\n')
            return 1
        # A container whose own command has not started nginx has no folder for it yet.
        Path(self._places.sockets).mkdir(parents=True, exist_ok=True)
        try:
            await self._write(translation := self._translated())
        except ConfigurationError as error:
            await streams.write_stderr(f"nginx: {error}\n".encode())
            return 1
        code = await self._test(streams, quiet=arguments[0] == "-s")
        if arguments[0] == "-s" and code == 0:
            self._signal(arguments[1] if len(arguments) > 1 else "", translation.ports)
        return code

    async def _test(self, streams: ExecStreams, *, quiet: bool) -> int:
        code, output = await self._process.test()
        if code or not quiet:
            await streams.write_stderr(with_own_line(self._shown(output)))
        return code

    def _signal(self, word: str, ports: set[int]) -> None:
        numbers = {"reload": signal.SIGHUP, "quit": signal.SIGQUIT, "stop": signal.SIGTERM, "reopen": signal.SIGUSR1}
        if word in numbers and word != "reload":
            self._process.signal(numbers[word])
        elif word in numbers:
            self._process.signal(numbers[word])
            self._announce(ports)

    def _version(self) -> str:
        tag = self._spec.image.rpartition("/")[2].partition(":")[2].partition("-")[0]
        return tag if tag[:1].isdigit() and tag.count(".") == 2 else "1.31.3"  # noqa: PLR2004 - major.minor.patch


class HostedNginx:
    """A container of the nginx image that runs a command of its own; the command may start nginx."""

    def __init__(self, inner: HostContainer, nginx: NginxContainer) -> None:
        self._inner = inner
        self._nginx = nginx

    async def wait(self) -> int:
        """Return the exit code when the command ends; nginx ends with it."""
        code = await self._inner.wait()
        await self._nginx.stop(0)
        return code

    async def stop(self, grace_seconds: float) -> None:
        """Ask the command to end, by force after the grace period."""
        await self._inner.stop(grace_seconds)

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Run another command in the container."""
        return await self._inner.exec(request, streams)

    async def send_input(self, data: bytes) -> None:
        """Send input to the command; empty data ends it."""
        await self._inner.send_input(data)

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the size of the client's terminal."""
        await self._inner.resize(columns, rows)

    async def signal(self, number: int) -> None:
        """Send a signal to what runs in the foreground."""
        await self._inner.signal(number)
