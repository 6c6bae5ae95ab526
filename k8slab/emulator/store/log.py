"""The revision log: every write is one step, every watch reads the steps after a revision."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

from k8slab.emulator.store.database import Database
from k8slab.emulator.store.entries import Change, ChangeType, Entry, StoreKey, encode
from k8slab.emulator.store.errors import StoreError
from k8slab.emulator.store.history import History
from k8slab.kube.objects import Obj

# Steps kept for each resource, so that a watch can resume and a paginated list stays consistent.
DEFAULT_STEPS = 5000


class Store:
    """Objects by key, and the steps that made them.

    A write is seen by readers of this process at once, by watches and by the file together: all writes of one turn of
    the event loop are committed as one transaction, and ``committed`` returns after it. When the file refuses, those
    writes are undone and ``committed`` raises ``StoreError``. ``path`` None keeps everything in memory.
    """

    def __init__(self, path: Path | None = None, *, steps: int = DEFAULT_STEPS) -> None:
        self._database = Database(path) if path else None
        self._objects: defaultdict[str, dict[StoreKey, Entry]] = defaultdict(dict)
        self._revision = 1
        if self._database:
            self._load(self._database)
        self._committed = self._revision
        floor = self._revision
        self._histories: defaultdict[str, History] = defaultdict(lambda: History(floor, steps))
        self._pending: list[Change] = []
        self._commit: asyncio.Future[None] | None = None

    def _load(self, database: Database) -> None:
        revision, entries = database.load()
        self._revision = max(revision, 1)
        for entry in entries:
            self._objects[entry.key.storage_name][entry.key] = entry

    @property
    def revision(self) -> int:
        """Return the newest committed revision."""
        return self._committed

    def get(self, key: StoreKey) -> Entry | None:
        """Return the newest version of an object."""
        return self._objects[key.storage_name].get(key)

    def entries(self, storage_name: str, namespace: str = "", *, at: int | None = None) -> list[Entry]:
        """Return the objects in the order of their keys, as of now or of an earlier revision.

        Raises ``CompactedError`` when the log does not reach back to ``at``.
        """
        objects = self._objects[storage_name]
        if at is not None and at < self._committed:
            objects = self._histories[storage_name].rewind(objects, at)
        found = objects.values() if not namespace else (e for e in objects.values() if e.key.namespace == namespace)
        return sorted(found, key=lambda entry: entry.key)

    def put(self, key: StoreKey, obj: Obj) -> Change:
        """Write an object at the next revision."""
        previous = self.get(key)
        entry = encode(key, self._next_revision(), obj)
        self._objects[key.storage_name][key] = entry
        return self._append("MODIFIED" if previous else "ADDED", entry, previous)

    def delete(self, key: StoreKey) -> Change:
        """Remove an object, which must exist."""
        previous = self._objects[key.storage_name].pop(key)
        entry = encode(key, self._next_revision(), previous.decode())
        return self._append("DELETED", entry, previous)

    def _next_revision(self) -> int:
        self._revision += 1
        return self._revision

    def _append(self, change_type: ChangeType, entry: Entry, previous: Entry | None) -> Change:
        change = Change(change_type, entry, previous)
        self._pending.append(change)
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self._flush)
        return change

    async def committed(self) -> None:
        """Return when every write so far is in the file; raises ``StoreError`` when they were undone instead."""
        if self._commit is not None:
            await asyncio.shield(self._commit)

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        commit, self._commit = self._commit, None
        if commit is None:
            return
        try:
            if self._database and pending:
                self._database.write(pending)
        except StoreError as error:
            self._undo(pending)
            commit.set_exception(error)
            commit.exception()  # nobody may be waiting
            return
        self._publish(pending)
        commit.set_result(None)

    def _undo(self, pending: list[Change]) -> None:
        for change in reversed(pending):
            objects = self._objects[change.entry.key.storage_name]
            objects.pop(change.entry.key, None)
            if change.previous is not None:
                objects[change.entry.key] = change.previous
        self._revision = self._committed

    def _publish(self, pending: list[Change]) -> None:
        self._committed = self._revision
        for change in pending:
            self._histories[change.entry.key.storage_name].append(change)
        for storage_name in {change.entry.key.storage_name for change in pending}:
            self._histories[storage_name].wake()

    def watch(self, storage_name: str, since: int) -> Cursor:
        """Return a reader of the steps after a revision; raises ``CompactedError`` when the log starts later."""
        history = self._histories[storage_name]
        history.since(since)
        return Cursor(self, history, since)

    def close(self) -> None:
        """Commit what is pending and close the file."""
        self._flush()
        if self._database:
            self._database.close()


class Cursor:
    """A place in the log of one resource."""

    def __init__(self, store: Store, history: History, position: int) -> None:
        self._store = store
        self._history = history
        self.position = position

    def take(self) -> list[Change]:
        """Return the steps after the place and move behind them; raises ``CompactedError`` when too slow."""
        changes = self._history.since(self.position)
        self.position = max(self.position, self._store.revision)
        return changes

    async def wait(self) -> None:
        """Return when there may be steps after the place."""
        # The handle comes first: a step between the look and the wait would be lost otherwise.
        handle = self._history.handle()
        if not self._history.newer_than(self.position):
            await handle.wait()
