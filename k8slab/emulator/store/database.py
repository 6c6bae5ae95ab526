"""The store's file: SQLite in WAL mode, one transaction for all writes of an event loop turn.

``synchronous=NORMAL`` in WAL mode survives the death of the process, not the loss of power (sqlite.org/wal.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from k8slab.emulator.store.entries import Change, Entry, StoreKey
from k8slab.emulator.store.errors import StoreError

FORMAT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
  storage_name TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  revision INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (storage_name, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


class Database:
    """The newest version of every object and the newest revision. Raises ``StoreError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=2.0)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            self._prepare()
        except (sqlite3.Error, StoreError) as error:
            self._connection.close()
            raise error if isinstance(error, StoreError) else self._failure(error) from error

    def _prepare(self) -> None:
        execute = self._connection.execute
        found = int(execute("PRAGMA user_version").fetchone()[0])
        if found not in (0, FORMAT):
            raise StoreError(
                f"{self._path} was written by another version of k8slab (format {found}, this version reads {FORMAT}).",
                "Start a cluster under another name: k8slab cluster start --name NAME",
            )
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)
        execute(f"PRAGMA user_version={FORMAT}")

    def load(self) -> tuple[int, list[Entry]]:
        """Return the newest revision and every object."""
        try:
            row = self._connection.execute("SELECT value FROM facts WHERE name='revision'").fetchone()
            entries = [_entry(found) for found in self._rows()]
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return (int(row[0]) if row else 0, entries)

    def _rows(self) -> Iterator[Sequence[Any]]:
        yield from self._connection.execute("SELECT storage_name, namespace, name, revision, data FROM objects")

    def write(self, changes: Iterable[Change]) -> None:
        """Write the steps in one transaction: all of them or none."""
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            revision = 0
            for change in changes:
                self._write_one(change)
                revision = change.revision
            execute("INSERT OR REPLACE INTO facts VALUES ('revision', ?)", (revision,))
            execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise self._failure(error) from error

    def _write_one(self, change: Change) -> None:
        entry = change.entry
        if change.type == "DELETED":
            self._connection.execute("DELETE FROM objects WHERE storage_name=? AND namespace=? AND name=?", entry.key)
            return
        self._connection.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", (*entry.key, entry.revision, entry.data)
        )

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self._connection.close()

    def _failure(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"The cluster's store {self._path} cannot be used: {error}.",
            "Make room and see that the folder is writable, then start again; or set K8SLAB_HOME to another folder.",
        )


def _entry(row: Sequence[Any]) -> Entry:
    storage_name, namespace, name, revision, data = row
    return Entry(StoreKey(storage_name, namespace, name), int(revision), bytes(data))
