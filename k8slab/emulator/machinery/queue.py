"""The work queue of a controller (k8s.io/client-go/util/workqueue): each key once, never twice at a time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Hashable

from k8slab.clock import Clock

_FIRST_DELAY = 0.005
_LONGEST_DELAY = 1000.0


class WorkQueue:
    """Keys that wait for work.

    A key added twice is worked on once; a key added during its work is worked on again afterwards. ``retry`` waits
    5 ms, 10 ms, 20 ms ... at most 1000 s, as client-go's default limiter does for each key.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready: deque[Hashable] = deque()
        self._dirty: set[Hashable] = set()
        self._working: set[Hashable] = set()
        self._failures: dict[Hashable, int] = {}
        self._due: dict[Hashable, float] = {}
        self._waiting: list[tuple[float, int, Hashable]] = []
        self._order = itertools.count()
        self._more = asyncio.Event()
        self._timer: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Tell whether nothing is ready and nothing is being worked on (later retries may wait)."""
        return not self._ready and not self._working

    def add(self, key: Hashable) -> None:
        """Make a key ready."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._ready.append(key)
            self._more.set()

    def add_after(self, key: Hashable, seconds: float) -> None:
        """Make a key ready later; the earliest of several times counts."""
        if seconds <= 0:
            self.add(key)
            return
        due = self._clock.monotonic() + seconds
        if self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        heapq.heappush(self._waiting, (due, next(self._order), key))
        if self._waiting[0][2] == key:
            self._start_timer()

    def retry(self, key: Hashable) -> None:
        """Make a key ready after a pause that doubles with each failure in a row."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, min(_FIRST_DELAY * 2.0**failures, _LONGEST_DELAY))

    def forget(self, key: Hashable) -> None:
        """End a row of failures."""
        self._failures.pop(key, None)

    async def take(self) -> Hashable:
        """Wait for a key and begin work on it; ``done`` ends the work."""
        while not self._ready:
            self._more.clear()
            await self._more.wait()
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: Hashable) -> None:
        """End work on a key; it is ready again when it was added meanwhile."""
        self._working.discard(key)
        if key in self._dirty:
            self._ready.append(key)
            self._more.set()

    def close(self) -> None:
        """Stop the timer of delayed keys."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().create_task(self._release())

    async def _release(self) -> None:
        while self._waiting:
            due, _, key = self._waiting[0]
            remaining = due - self._clock.monotonic()
            if remaining > 0:
                await self._clock.sleep(remaining)
                continue
            heapq.heappop(self._waiting)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)
        self._timer = None
