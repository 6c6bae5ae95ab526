"""Notices when nobody uses the cluster any more."""

from __future__ import annotations

from k8slab.clock import Clock

# A classroom's machine must not carry yesterday's clusters for ever.
LIMIT_SECONDS = 4 * 3600.0


class IdleWatch:
    """Counts the time since the last request. Watches of an open notebook are renewed, so that it counts as use."""

    def __init__(self, clock: Clock, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._clock = clock
        self._limit = limit_seconds
        self._last = clock.monotonic()

    def used(self) -> None:
        """Note a request."""
        self._last = self._clock.monotonic()

    async def expired(self) -> None:
        """Return when nobody has used the cluster for the whole limit."""
        while (left := self._last + self._limit - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
