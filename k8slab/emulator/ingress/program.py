"""The controller image as a program: watches, renders, reloads; a real nginx serves."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from k8slab.clock import Clock
from k8slab.emulator.api import Api, ContainerLog, ContainerSpec, ExecRequest, ExecStreams, Fabric, Source
from k8slab.emulator.ingress.admission import AdmissionServer
from k8slab.emulator.ingress.certificates import fake_certificate, write_private
from k8slab.emulator.ingress.dropping import Dropping
from k8slab.emulator.ingress.legacy import LegacyContainer
from k8slab.emulator.ingress.log import ControllerLog
from k8slab.emulator.ingress.material import Material, named_hosts
from k8slab.emulator.ingress.options import Options, parse_options
from k8slab.emulator.ingress.placing import Placing, Planned
from k8slab.emulator.ingress.planning import plan, policies, policies_name, remote_backends
from k8slab.emulator.ingress.reports import Reports
from k8slab.emulator.ingress.server import Server
from k8slab.emulator.ingress.status import addresses, publish
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.render import render
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
        self._placing = Placing(parts.fabric, source, self._scratch)
        self._log = ControllerLog(log, parts.clock, self._placing.slots, str(self._scratch))
        self._dirty = asyncio.Event()
        self._watched = Watched(parts.api, parts.clock, options, self._scratch, self._dirty.set)
        self._reports = Reports(parts.api, parts.clock, spec, options, self._watched)
        self._nginx = NginxProcess(str(self._scratch), f"{self._scratch}/nginx.conf", self._log.of_nginx)
        self._server = Server(self._nginx, self._scratch, Path(spec.root), self._log, self._reports)
        self._material = Material(self._scratch, self._watched.secret, self._watched.configmap)
        self._dropping = Dropping(parts.clock)
        self._forget: Callable[[], None] = lambda: None
        self._admission = AdmissionServer(self._watched, options, self._log.line)
        self._planned: Planned = {}
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
        write_private(self._scratch / "default.pem", fake_certificate(self._parts.clock.now()))
        self._material.scripts()
        await self._watched.start(self._reports.on_ingress)
        await self._reports.start()
        self._log.line("I", "nginx.go:339", '"Starting NGINX process"')
        self._watched.routes_changed = False
        await self._server.begin(*await self._rendered())
        await self._start_nginx()
        self._announce()
        while True:
            await self._next_change()
            await self._sync()

    async def _next_change(self) -> None:
        """Wait for a change of an object, a listener or a policy; take those that come close together at once."""
        await self._dirty.wait()
        await asyncio.sleep(_SETTLE_SECONDS)
        self._dirty.clear()

    async def _start_nginx(self) -> None:
        sockets = [self._socket(port) for port in self._ports()]
        await self._dropping.start(self._placing.dropping)
        self._forget = self._parts.fabric.on_change(self._dirty.set)
        if self._options.webhook:
            await self._admission.start(str(self._scratch / "webhook"))
        await self._nginx.start([*sockets, str(self._scratch / "default")], self._spec.root)

    def _ports(self) -> tuple[int, ...]:
        return (*_PORTS, self._options.webhook) if self._options.webhook else _PORTS

    def _socket(self, port: int) -> str:
        return str(self._scratch / str(port))

    def _announce(self) -> None:
        for port in self._ports():
            self._parts.fabric.listen(self._spec.pod_address, port, self._socket(port))

    async def _sync(self) -> None:
        if not self._watched.routes_changed:
            # Endpoints are not configuration: nginx finds them through its slots.
            await self._placing.place(self._planned, self._watched.endpoints)
            return
        self._watched.routes_changed = False
        if await self._server.serve(*await self._rendered()):
            self._placing.slots.keep(list(self._planned))
        await self._publish()

    async def _publish(self) -> None:
        classes = self._watched.classes()
        ours = [entry for entry in self._watched.ingresses() if classes.owns(entry)]
        service = self._watched.named_service(self._options.publish_service)
        await publish(self._parts.api, ours, addresses(self._options, service, [await self._reports.node_address()]))

    async def _rendered(self) -> tuple[str, list[str]]:
        """Return the configuration, and the hosts that nginx would not find."""
        model, configuration = self._watched.model(), self._watched.configuration()
        self._reports.about(model)
        remote = remote_backends(model, self._watched.is_remote)
        self._planned = plan(model, configuration, remote)
        await self._placing.place(self._planned, self._watched.endpoints)
        hosts, unknown = await self._placing.hosts(named_hosts(model, configuration))
        decided = policies(model, configuration, dict(self._planned), str(self._scratch))
        files = Files(
            scratch=str(self._scratch), address=self._spec.pod_address,
            ports={port: self._socket(port) for port in self._ports()},
            upstreams={name: upstream for name, (_, upstream) in self._planned.items()},
            certificates=self._material.certificates(model), secrets=self._material.secrets(model), hosts=hosts,
            headers=self._material.headers(model, configuration), remote=remote,
            webhook=self._spec.root + self._options.webhook_folder if self._options.webhook else "",
            webhook_port=self._options.webhook, as_root=os.geteuid() == 0,
            policies=self._material.write(policies_name(decided), decided.encode()),
        )  # fmt: skip
        return render(model, configuration, files), unknown

    async def _close(self) -> None:
        for port in self._ports():
            self._parts.fabric.unlisten(self._spec.pod_address, port)
        self._forget()
        await self._nginx.stop(2.0)
        await self._dropping.stop()
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
