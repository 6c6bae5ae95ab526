"""The image k8slab/gateway-controller as a program: watches, renders, reloads; a real nginx serves."""

from __future__ import annotations

import asyncio
import binascii
import contextlib
import importlib.resources
import os
from collections.abc import Callable
from pathlib import Path

from k8slab.emulator.api import ContainerLog, ContainerSpec, ExecRequest, ExecStreams, Source
from k8slab.emulator.ingress.certificates import matching_pair, write_private
from k8slab.emulator.ingress.dropping import Dropping
from k8slab.emulator.ingress.gateway.planning import Ports, Served, matches_json, plan, pod_ports, served
from k8slab.emulator.ingress.gateway.publishing import Publisher
from k8slab.emulator.ingress.gateway.services import NAMESPACE_LABEL, Doors, known_ports
from k8slab.emulator.ingress.gateway.text import HEALTH_PORT, Paths, render
from k8slab.emulator.ingress.gateway.watching import Watched, resources
from k8slab.emulator.ingress.log import ControllerLog
from k8slab.emulator.ingress.placing import Placing, Planned
from k8slab.emulator.ingress.program import Parts
from k8slab.emulator.ingress.server import Server
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.nginx.process import NginxProcess
from k8slab.kube.objects import Obj, labels_of
from k8slab.kube.resources import PODS
from k8slab.routing.gateway.table import Table, build_table

_SETTLE_SECONDS = 0.02


class GatewayProgram:
    """``emulator.api.Program`` for the image k8slab/gateway-controller."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> GatewayContainer:
        """Start one replica."""
        container = GatewayContainer(self._parts, spec, log)
        container.begin()
        return container


class _Silent:
    """``server.Reports``: what became of a configuration stands in the log already."""

    async def reloaded(self) -> None:
        """Add nothing."""

    async def reload_failed(self, output: str) -> None:
        """Add nothing."""


class GatewayContainer:
    """One replica of the controller."""

    def __init__(self, parts: Parts, spec: ContainerSpec, log: ContainerLog) -> None:
        self._parts, self._spec = parts, spec
        self._scratch = parts.run_dir / "g" / f"{spec.pod_uid[:8]}-{spec.container[:16]}"
        self._placing = Placing(
            parts.fabric, Source(spec.pod_address, spec.namespace, spec.pod_name), self._scratch
        )  # fmt: skip
        self._log = ControllerLog(log, parts.clock, self._placing.slots, str(self._scratch))
        self._nginx = NginxProcess(str(self._scratch), f"{self._scratch}/nginx.conf", self._log.of_nginx)
        self._server = Server(self._nginx, self._scratch, Path(spec.root), self._log, _Silent())
        self._dropping = Dropping(parts.clock)
        self._forget: Callable[[], None] = lambda: None
        self._dirty = asyncio.Event()
        self._watched: Watched | None = None
        self._planned: Planned = {}
        self._listening: set[int] = set()
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._running: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to work."""
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._serve()
        except Exception as error:  # noqa: BLE001 - what ends a controller stands in its log
            self._log.line("F", "gateway.go:1", str(error))
        finally:
            await self._close()
            if not self._ended.done():
                self._ended.set_result(255)

    async def _serve(self) -> None:
        api = self._parts.api
        self._scratch.mkdir(parents=True, exist_ok=True)
        script = importlib.resources.files("k8slab.emulator.ingress.gateway").joinpath("gateway.js")
        write_private(self._scratch / "gateway.js", script.read_bytes())
        kinds = await resources(api)
        own = await api.get(PODS, self._spec.namespace, self._spec.pod_name)
        self._watched = Watched(api, self._parts.clock, kinds, self._dirty.set)
        await self._watched.start()
        await self._dropping.start(self._placing.dropping)
        self._forget = self._parts.fabric.on_change(self._dirty.set)
        selector = {key: value for key, value in labels_of(own).items() if key != "pod-template-hash"}
        doors, publisher = Doors(api, self._spec.namespace, selector), Publisher(api, self._parts.clock, kinds)
        while True:
            if self._watched.routes_changed:
                self._watched.routes_changed = False
                await self._sync(self._watched, doors, publisher)
            else:
                await self._placing.place(self._planned, self._watched.endpoints)
            await self._dirty.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._dirty.clear()

    async def _sync(self, watched: Watched, doors: Doors, publisher: Publisher) -> None:
        world, services = watched.world(), self._services(watched)
        table = build_table(world)
        ports = pod_ports(table, known_ports(services))
        listeners = served(table, ports)
        self._planned = plan(table)
        await self._placing.place(self._planned, watched.endpoints)
        text = render(listeners, self._paths(table, listeners, ports, watched))
        if not self._nginx.pid:
            await self._server.begin(text, ())
            sockets = [self._socket(port) for port in (HEALTH_PORT, *ports.values())]
            await self._nginx.start([*sockets, str(self._scratch / "default")], self._spec.root)
        elif await self._server.serve(text, ()):
            self._placing.slots.keep(list(self._planned))
        self._listen({HEALTH_PORT, *ports.values()})
        await doors.keep(world.our_gateways(), ports, services)
        await publisher.publish(world, table, self._services(watched))

    def _services(self, watched: Watched) -> list[Obj]:
        found = watched.objects("services", self._spec.namespace)
        return [entry for entry in found if NAMESPACE_LABEL in labels_of(entry)]

    def _paths(self, table: Table, listeners: list[Served], ports: Ports, watched: Watched) -> Paths:
        matches = self._file("matches", matches_json(table, listeners).encode())
        secrets = {entry.listener.secret for entry in listeners if entry.listener.secret}
        certificates = {key: self._file("tls", matching_pair(watched.get("secrets", *key))) for key in secrets}
        files = Files(
            scratch=str(self._scratch), address=self._spec.pod_address,
            ports={port: self._socket(port) for port in (HEALTH_PORT, *ports.values())},
            upstreams={name: upstream for name, (_, upstream) in self._planned.items()}, as_root=os.geteuid() == 0,
        )  # fmt: skip
        return Paths(files, matches, certificates)

    def _file(self, kind: str, data: bytes) -> str:
        """Return the path of a private file; another content has another name, so that nginx's text changes."""
        path = self._scratch / f"{kind}-{binascii.crc32(data):08x}"
        if not path.exists():
            write_private(path, data)
        return str(path)

    def _socket(self, port: int) -> str:
        return str(self._scratch / str(port))

    def _listen(self, wanted: set[int]) -> None:
        for port in wanted - self._listening:
            self._parts.fabric.listen(self._spec.pod_address, port, self._socket(port))
        for port in self._listening - wanted:
            self._parts.fabric.unlisten(self._spec.pod_address, port)
        self._listening = wanted

    async def _close(self) -> None:
        self._forget()
        self._listen(set())
        await self._nginx.stop(2.0)
        await self._dropping.stop()
        if self._watched is not None:
            await self._watched.stop()

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
