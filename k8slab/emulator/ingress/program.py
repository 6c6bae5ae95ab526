"""The controller image as a program: watches, renders, reloads; a real nginx serves."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.resources
import os
import re
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from k8slab.clock import Clock
from k8slab.emulator.api import Api, ContainerLog, ContainerSpec, ExecRequest, ExecStreams, Fabric, Source
from k8slab.emulator.ingress.admission import AdmissionServer
from k8slab.emulator.ingress.balancing import RoundRobin
from k8slab.emulator.ingress.certificates import fake_certificate, usable_pair, write_private
from k8slab.emulator.ingress.control import tell_backends
from k8slab.emulator.ingress.legacy import LegacyContainer
from k8slab.emulator.ingress.log import ControllerLog
from k8slab.emulator.ingress.model import Model
from k8slab.emulator.ingress.options import Options, parse_options
from k8slab.emulator.ingress.reports import Reports
from k8slab.emulator.ingress.status import addresses, publish
from k8slab.emulator.ingress.text import Files, render
from k8slab.emulator.ingress.watching import Watched
from k8slab.emulator.nginx.process import NginxProcess

_PORTS = (80, 443, 10254)
_SETTLE_SECONDS = 0.02
ToolShell = Callable[[ContainerSpec, ExecRequest, ExecStreams], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What every controller container uses; ``shell`` runs other commands in it."""

    api: Api
    fabric: Fabric
    clock: Clock
    run_dir: Path
    shell: ToolShell


class IngressProgram:
    """``emulator.api.Program`` for the image ingress-nginx/controller."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> IngressContainer | LegacyContainer:
        """Start one replica: its own nginx, its own counters."""
        if spec.image.partition("@")[0].rpartition(":")[2].removeprefix("v").startswith("0."):
            return LegacyContainer(spec, log, self._parts.clock)
        container = IngressContainer(self._parts, spec, log, parse_options((*spec.command, *spec.args)))
        container.begin()
        return container


class IngressContainer:
    """One replica of the controller."""

    def __init__(self, parts: Parts, spec: ContainerSpec, log: ContainerLog, options: Options) -> None:
        self._parts, self._spec, self._options = parts, spec, options
        self._scratch = parts.run_dir / "i" / f"{spec.pod_uid[:8]}-{spec.container[:16]}"
        source = Source(spec.pod_address, spec.namespace, spec.pod_name)
        self._source = source
        self._balancer = RoundRobin(parts.fabric, source)
        self._log = ControllerLog(log, parts.clock, self._balancer.last, str(self._scratch))
        self._dirty = asyncio.Event()
        self._watched = Watched(parts.api, parts.clock, options, self._dirty.set)
        self._reports = Reports(parts.api, parts.clock, spec, options, self._watched)
        self._nginx = NginxProcess(str(self._scratch), f"{self._scratch}/nginx.conf", self._log.of_nginx)
        self._admission = AdmissionServer(self._watched, options, self._log.line)
        self._text = ""
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._running: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to work; nginx listens when the objects are known, as the real controller does it."""
        self._log.banner(self._spec.image)
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        code = 255
        try:
            await self._serve()
        except Exception as error:  # noqa: BLE001 - what ends a controller stands in its log
            self._log.line("F", "main.go:200", str(error))
        finally:
            await self._close()
            if not self._ended.done():
                self._ended.set_result(code)

    async def _serve(self) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        script = importlib.resources.files(__package__).joinpath("balancer.js").read_text()
        (self._scratch / "balancer.js").write_text(script)
        write_private(self._scratch / "default.pem", fake_certificate(self._parts.clock.now()))
        await self._watched.start(self._reports.on_ingress)
        await self._reports.start()
        self._log.line("I", "nginx.go:339", '"Starting NGINX process"')
        model = self._watched.model()
        await self._prepare(model)
        await self._start_nginx()
        await self._told(model)
        self._announce()
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._dirty.clear()
            await self._sync()

    async def _start_nginx(self) -> None:
        sockets = [self._socket(port) for port in self._ports()]
        if self._options.webhook:
            await self._admission.start(str(self._scratch / "webhook"))
        await self._nginx.start([*sockets, str(self._scratch / "control")], self._spec.root)

    def _ports(self) -> tuple[int, ...]:
        return (*_PORTS, self._options.webhook) if self._options.webhook else _PORTS

    def _socket(self, port: int) -> str:
        return str(self._scratch / str(port))

    def _announce(self) -> None:
        for port in self._ports():
            self._parts.fabric.listen(self._spec.pod_address, port, self._socket(port))

    async def _sync(self) -> None:
        model = self._watched.model()
        before = self._text
        if await self._prepare(model):
            await self._reload(before)
        await self._told(model)
        await self._publish()

    async def _publish(self) -> None:
        classes = self._watched.classes()
        ours = [entry for entry in self._watched.ingresses() if classes.owns(entry)]
        service = self._watched.named_service(self._options.publish_service)
        await publish(self._parts.api, ours, addresses(self._options, service, [await self._reports.node_address()]))

    async def _prepare(self, model: Model) -> bool:
        """Write the configuration; tell whether it changed."""
        self._reports.about(model)
        files = await self._files(model)
        text = render(model, self._watched.configuration(), files)
        if text == self._text:
            return False
        self._text = text
        (self._scratch / "nginx.conf").write_text(text)
        shown = Path(self._spec.root) / "etc/nginx/nginx.conf"
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.write_text(text)
        return True

    async def _files(self, model: Model) -> Files:
        backends = {
            backend.name: await self._parts.fabric.forward(
                self._source, backend.name, self._balancer.chooser(backend.name)
            )
            for backend in model.backends
        }
        folder = ""
        if self._options.webhook:
            folder = self._spec.root + self._options.webhook_folder
        return Files(
            scratch=str(self._scratch), ports={port: self._socket(port) for port in self._ports()},
            backends=backends, certificates=self._certificates(model), webhook=folder,
            webhook_port=self._options.webhook, as_root=os.geteuid() == 0,
        )  # fmt: skip

    def _certificates(self, model: Model) -> dict[str, str]:
        found: dict[str, str] = {}
        for server in model.servers.values():
            pair = usable_pair(self._watched.secret(server.tls), server.host) if server.tls else b""
            if pair:
                path = self._scratch / (re.sub(r"[^a-z0-9.-]", "_", f"{server.tls}-{server.host}") + ".pem")
                write_private(path, pair)
                found[f"{server.tls} {server.host}"] = str(path)
        return found

    async def _reload(self, before: str) -> None:
        code, output = await self._nginx.test()
        if code:
            self._log.line("E", "queue.go:131", f'"requeuing" err="\\n{output.decode(errors="replace").strip()}"')
            await self._reports.reload_failed(output.decode(errors="replace"))
            # The old configuration goes on serving; the next change is compared with it.
            (self._scratch / "nginx.conf").write_text(before)
            return
        self._nginx.signal(signal.SIGHUP)
        self._log.line("I", "controller.go:228", '"Backend successfully reloaded"')
        await self._reports.reloaded()

    async def _told(self, model: Model) -> None:
        endpoints = self._watched.endpoints(model)
        self._balancer.update({name: list(pairs) for name, pairs in endpoints.items()})
        ready = sorted(name for name, pairs in endpoints.items() if pairs)
        await tell_backends(str(self._scratch / "control"), ready)

    async def _close(self) -> None:
        for port in self._ports():
            self._parts.fabric.unlisten(self._spec.pod_address, port)
        await self._nginx.stop(2.0)
        await self._admission.stop()
        await self._watched.stop()
        await self._reports.stop()

    async def wait(self) -> int:
        """Return the exit code when the controller ends."""
        return await asyncio.shield(self._ended)

    async def stop(self, grace_seconds: float) -> None:  # noqa: ARG002 - nginx drains in less
        """End the controller and its nginx."""
        if not self._ended.done():
            self._ended.set_result(0)
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Run another command in the container."""
        return await self._parts.shell(self._spec, request, streams)
