"""The endpoints of each backend, taken in turn: one choice for each connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from k8slab.emulator.api import DialError, Fabric, RefusedError, Route, Source

_TRIES = 3


class RoundRobin:
    """Chooses an endpoint for each new connection; one that refuses is passed over, at most three times."""

    def __init__(self, fabric: Fabric, source: Source) -> None:
        self._fabric = fabric
        self._source = source
        self._endpoints: dict[str, Sequence[tuple[str, int]]] = {}
        self._turn: dict[str, int] = {}
        self.last: dict[str, str] = {}

    def update(self, endpoints: dict[str, Sequence[tuple[str, int]]]) -> None:
        """Take the present endpoints by backend name."""
        self._endpoints = endpoints

    def chooser(self, name: str) -> Callable[[], Awaitable[Route]]:
        """Return what chooses for one backend; it raises ``DialError`` when nobody answers."""

        async def choose() -> Route:
            problem: DialError = RefusedError(f"{name} has no endpoints")
            for _ in range(_TRIES):
                endpoint = self._next(name)
                if endpoint is None:
                    break
                try:
                    return await self._fabric.route(self._source, *endpoint)
                except DialError as error:
                    problem = error
            raise problem

        return choose

    def _next(self, name: str) -> tuple[str, int] | None:
        endpoints = self._endpoints.get(name) or ()
        if not endpoints:
            return None
        turn = self._turn.get(name, 0)
        self._turn[name] = turn + 1
        chosen = endpoints[turn % len(endpoints)]
        self.last[name] = f"{chosen[0]}:{chosen[1]}"
        return chosen
