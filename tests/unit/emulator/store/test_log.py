from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from k8slab.emulator.store import CompactedError, Store, StoreError, StoreKey

KEY = StoreKey("pods", "default", "a")


def pod(name: str = "a") -> dict[str, object]:
    return {"metadata": {"name": name}}


async def test_each_write_is_one_revision_inside_the_object():
    store = Store()
    first = store.put(KEY, pod())
    second = store.put(KEY, pod())
    assert (first.type, second.type) == ("ADDED", "MODIFIED")
    assert second.entry.decode()["metadata"]["resourceVersion"] == str(second.revision)
    assert second.revision == first.revision + 1


async def test_a_watch_sees_steps_after_its_revision_once():
    store = Store()
    start = store.revision
    cursor = store.watch("pods", start)
    store.put(KEY, pod())
    waiting = asyncio.create_task(cursor.wait())
    store.put(KEY, pod())
    await waiting
    assert [change.type for change in cursor.take()] == ["ADDED", "MODIFIED"]
    assert cursor.take() == []


async def test_a_deleted_step_carries_the_last_object_with_the_new_revision():
    store = Store()
    store.put(KEY, pod())
    change = store.delete(KEY)
    assert change.type == "DELETED"
    assert change.entry.decode()["metadata"]["resourceVersion"] == str(change.revision)
    assert store.get(KEY) is None


async def test_an_older_revision_can_be_listed_until_it_is_compacted():
    store = Store(steps=4)
    store.put(KEY, pod())
    await store.committed()
    then = store.revision
    store.put(StoreKey("pods", "default", "b"), pod("b"))
    await store.committed()
    assert [entry.key.name for entry in store.entries("pods", at=then)] == ["a"]
    for _ in range(20):
        store.put(KEY, pod())
    await store.committed()
    with pytest.raises(CompactedError, match=f"too old resource version: {then} "):
        store.entries("pods", at=then)


async def test_what_was_committed_is_there_after_reopening(tmp_path: Path):
    store = Store(tmp_path / "store.db")
    store.put(KEY, pod())
    await store.committed()
    revision = store.revision
    store.close()
    again = Store(tmp_path / "store.db")
    assert again.revision == revision
    assert [entry.key for entry in again.entries("pods")] == [KEY]
    again.close()


async def test_a_write_that_the_file_refuses_is_undone(tmp_path: Path):
    store = Store(tmp_path / "store.db")
    store.put(KEY, pod())
    await store.committed()
    before = store.revision
    store._database._connection.execute("PRAGMA query_only=1")
    store.put(StoreKey("pods", "default", "b"), pod("b"))
    with pytest.raises(StoreError, match="cannot be used"):
        await store.committed()
    assert [entry.key.name for entry in store.entries("pods")] == ["a"]
    assert store.revision == before
    store.close()


def test_a_file_of_another_format_names_the_way_out(tmp_path: Path):
    store = Store(tmp_path / "store.db")
    store._database._connection.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="another version"):
        Store(tmp_path / "store.db")


WRITER = """
import asyncio, sys
from pathlib import Path
from k8slab.emulator.store import Store, StoreKey
async def main():
    store = Store(Path(sys.argv[1]))
    for number in range(100000):
        store.put(StoreKey("pods", "default", f"p{number}"), {"metadata": {}})
        await store.committed()
        print(number, flush=True)
asyncio.run(main())
"""


def test_a_killed_process_loses_no_acknowledged_write(tmp_path: Path):
    path = tmp_path / "store.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        last = 0
        while last < 50:
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = max([last, *(int(line) for line in writer.stdout.read().splitlines() if line)])
    store = Store(path)
    names = {entry.key.name for entry in store.entries("pods")}
    store.close()
    assert {f"p{number}" for number in range(acknowledged + 1)} <= names
