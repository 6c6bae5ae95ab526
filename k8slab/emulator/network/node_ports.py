"""NodePorts as real sockets on 127.0.0.1, opened and closed as Services change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from k8slab.emulator.api import Route, Source
from k8slab.emulator.network.addresses import GATEWAY, NODE_ADDRESS
from k8slab.emulator.network.listeners import Listener
from k8slab.kube.objects import Obj, dig

_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"


def node_ports(service: Obj | None) -> set[int]:
    """Return the TCP node ports of a Service."""
    entries = dig(service, "spec", "ports", default=[]) if service else []
    return {entry["nodePort"] for entry in entries if entry.get("nodePort") and entry.get("protocol", "TCP") == "TCP"}


class NodePorts:
    """Holds the sockets; ``changed`` tells it of Services, ``run`` opens and closes."""

    def __init__(self, route: Callable[[Source, str, int], Route]) -> None:
        self._route = route
        self._wanted: dict[int, int] = {}
        self._open: dict[int, tuple[Listener, int]] = {}
        self._wake = asyncio.Event()

    def changed(self, before: Obj | None, after: Obj | None) -> None:
        """Take a change of a Service."""
        for port in node_ports(before) - node_ports(after):
            self._wanted.pop(port, None)
        for port in node_ports(after):
            self._wanted[port] = port
        self._wake.set()

    async def run(self) -> None:
        """Open and close sockets until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.settle()

    async def settle(self) -> None:
        """Bring the sockets into line with the Services."""
        for port in set(self._open) - set(self._wanted):
            listener, _ = self._open.pop(port)
            await listener.stop()
        for port in set(self._wanted) - set(self._open):
            try:
                await self._listen(port)
            except OSError as error:
                _LOG.warning("node port %d cannot be opened: %s", port, error)

    async def _listen(self, port: int) -> None:
        source = Source(GATEWAY)

        async def routing() -> Route:
            return self._route(source, NODE_ADDRESS, port)

        listener = Listener(routing)
        self._open[port] = (listener, await listener.on_tcp(_HOST, port))

    def ports(self) -> dict[int, int]:
        """Return the real port of 127.0.0.1 for each node port."""
        return {port: real for port, (_, real) in self._open.items()}

    async def stop(self) -> None:
        """Close everything."""
        self._wanted.clear()
        await self.settle()
