"""NodePorts as real sockets on 127.0.0.1, opened and closed as Services and their endpoints change.

A node port whose Service reaches nobody keeps its number and refuses connections, as kube-proxy's REJECT rule and a
closed port of the pod do: whoever asks (curl, a browser) then says "connection refused", not "connection reset".
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass

from k8slab.emulator.api import Route, Source
from k8slab.emulator.network.addresses import GATEWAY, NODE_ADDRESS
from k8slab.emulator.network.listeners import Listener, reserve
from k8slab.kube.objects import Obj, dig

_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"


def node_ports(service: Obj | None) -> set[int]:
    """Return the TCP node ports of a Service."""
    entries = dig(service, "spec", "ports", default=[]) if service else []
    return {entry["nodePort"] for entry in entries if entry.get("nodePort") and entry.get("protocol", "TCP") == "TCP"}


@dataclass(slots=True)
class _Door:
    """A number that is ours: ``listener`` while somebody can answer, a bound socket that refuses otherwise."""

    real: int
    refusing: socket.socket | None = None
    listener: Listener | None = None

    async def close(self) -> None:
        if self.listener is not None:
            await self.listener.stop()
            self.listener = None
        if self.refusing is not None:
            self.refusing.close()
            self.refusing = None


class NodePorts:
    """Holds the sockets; ``changed`` and ``look_again`` tell it of changes, ``run`` opens and closes.

    ``reachable`` tells whether a connection to a node port would find a listener.
    """

    def __init__(self, route: Callable[[Source, str, int], Route], reachable: Callable[[int], bool]) -> None:
        self._route = route
        self._reachable = reachable
        self._wanted: set[int] = set()
        self._doors: dict[int, _Door] = {}
        self._wake = asyncio.Event()

    def changed(self, before: Obj | None, after: Obj | None) -> None:
        """Take a change of a Service."""
        self._wanted -= node_ports(before) - node_ports(after)
        self._wanted |= node_ports(after)
        self._wake.set()

    def look_again(self) -> None:
        """Take a change of endpoints or listeners."""
        if self._wanted:
            self._wake.set()

    async def run(self) -> None:
        """Open and close sockets until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.settle()

    async def settle(self) -> None:
        """Bring the sockets into line with the Services."""
        for port in set(self._doors) - self._wanted:
            await self._doors.pop(port).close()
        for port in sorted(self._wanted):
            try:
                await self._settle(port)
            except OSError as error:
                _LOG.warning("node port %d cannot be opened: %s", port, error)

    async def _settle(self, port: int) -> None:
        door = self._doors.get(port)
        if door is None:
            refusing = reserve(_HOST, port)
            door = self._doors[port] = _Door(int(refusing.getsockname()[1]), refusing)
        if self._reachable(port) and door.refusing is not None:
            door.listener = Listener(lambda: self._routing(port))
            bound, door.refusing = door.refusing, None
            await door.listener.on_socket(bound)
        elif not self._reachable(port) and door.listener is not None:
            await door.close()
            door.refusing = reserve(_HOST, door.real)
            door.real = int(door.refusing.getsockname()[1])

    async def _routing(self, port: int) -> Route:
        return self._route(Source(GATEWAY), NODE_ADDRESS, port)

    def ports(self) -> dict[int, int]:
        """Return the real port of 127.0.0.1 for each node port."""
        return {port: door.real for port, door in self._doors.items()}

    async def stop(self) -> None:
        """Close everything."""
        self._wanted.clear()
        await self.settle()
