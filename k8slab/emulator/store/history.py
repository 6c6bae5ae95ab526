"""The steps of one resource that the log still holds."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Mapping

from k8slab.emulator.store.entries import Change, Entry, StoreKey
from k8slab.emulator.store.errors import CompactedError


class History:
    """Steps in the order of their revisions; the oldest are dropped beyond ``limit``."""

    def __init__(self, floor: int, limit: int) -> None:
        self._floor = floor
        self._limit = limit
        self._changes: list[Change] = []
        self._handle = asyncio.Event()

    def append(self, change: Change) -> None:
        """Add the newest step."""
        self._changes.append(change)
        # Trimming a quarter at a time keeps appending cheap.
        if len(self._changes) > self._limit + self._limit // 4:
            excess = len(self._changes) - self._limit
            self._floor = self._changes[excess - 1].revision
            del self._changes[:excess]

    def since(self, revision: int) -> list[Change]:
        """Return the steps after a revision; raises ``CompactedError``."""
        if revision < self._floor:
            raise CompactedError(revision, self._floor)
        return self._changes[bisect.bisect_right(self._changes, revision, key=_revision) :]

    def newer_than(self, revision: int) -> bool:
        """Tell whether there are steps after a revision."""
        return bool(self._changes) and self._changes[-1].revision > revision

    def rewind(self, objects: Mapping[StoreKey, Entry], revision: int) -> dict[StoreKey, Entry]:
        """Return the objects as they were at a revision; raises ``CompactedError``."""
        past = dict(objects)
        for change in reversed(self.since(revision)):
            past.pop(change.entry.key, None)
            if change.previous is not None:
                past[change.entry.key] = change.previous
        return past

    def handle(self) -> asyncio.Event:
        """Return an event that is set at the next ``wake``."""
        return self._handle

    def wake(self) -> None:
        """Let every waiting reader look again."""
        handle, self._handle = self._handle, asyncio.Event()
        handle.set()


def _revision(change: Change) -> int:
    return change.revision
