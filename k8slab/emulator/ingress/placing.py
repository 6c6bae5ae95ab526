"""Leads the slots of all upstreams to where their Services' endpoints listen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from k8slab.emulator.api import DialError, DroppedError, Fabric, Source
from k8slab.emulator.ingress.slots import Endpoint, Slots
from k8slab.emulator.ingress.text.files import Upstream
from k8slab.routing.endpoints import Endpoints
from k8slab.routing.model import Backend

Planned = Mapping[str, tuple[Backend, Upstream]]
EndpointLookup = Callable[[Backend], Endpoints]


class Placing:
    """``dropping`` is the socket for connections that a policy drops."""

    def __init__(self, fabric: Fabric, source: Source, scratch: Path) -> None:
        self._fabric = fabric
        self._source = source
        self._refusing = str(scratch / "nobody")
        self.dropping = str(scratch / "dropping")
        self.slots = Slots(scratch / "u")

    async def place(self, planned: Planned, endpoints: EndpointLookup) -> None:
        """Bring the slots of all upstreams up to date."""
        known: dict[tuple[str, int, bool], Endpoint] = {}
        for backend, upstream in planned.values():
            found = endpoints(backend)
            if upstream.forwarded and found and not await self._has_address(found[0][0]):
                found = []
            places = [await self._place(known, host, port, forwarded=upstream.forwarded) for host, port in found]
            self.slots.update(upstream, places)

    async def _place(
        self, known: dict[tuple[str, int, bool], Endpoint], host: str, port: int, *, forwarded: bool
    ) -> Endpoint:
        key = (host, port, forwarded)
        if key not in known:
            known[key] = Endpoint(f"{host}:{port}", await self._socket(host, port, forwarded=forwarded))
        return known[key]

    async def _socket(self, host: str, port: int, *, forwarded: bool) -> str:
        try:
            if forwarded:
                return await self._fabric.upstream(self._source, host, port)
            return (await self._fabric.route(self._source, host, port)).socket_path
        except DroppedError:
            # A pod that is gone loses packets too, but its endpoint is about to go: then the next one is to be tried.
            return self.dropping if self._fabric.answers(self._source, host) else self._refusing
        except DialError:
            return self._refusing

    async def _has_address(self, host: str) -> bool:
        try:
            return bool(await self._fabric.resolve(self._source, host))
        except DialError:
            return False

    async def hosts(self, wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """Return the sockets of ``host:port`` entries, and the hosts that nginx itself would not find at its start."""
        found: dict[str, str] = {}
        unknown: list[str] = []
        for entry, purpose in wanted.items():
            host, _, port = entry.rpartition(":")
            if purpose == "mirror" and not await self._has_address(host):
                unknown.append(host)
            found[entry] = await self._fabric.upstream(self._source, host, int(port))
        return found, unknown
