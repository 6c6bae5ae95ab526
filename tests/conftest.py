"""Every test leaves the machine as it found it."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

# A thread or process that was told to end may need a moment to be gone.
PATIENCE_SECONDS = 3.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        default="embedded",
        help="Where lessons and notebooks are tested: embedded (default), kind, or context:NAME.",
    )


@pytest.fixture(scope="session")
def cluster_kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """What notebooks find when they do not name a cluster."""
    kind = str(request.config.getoption("--cluster"))
    before = os.environ.get("K8SLAB_CLUSTER")
    os.environ["K8SLAB_CLUSTER"] = kind
    yield kind
    if before is None:
        del os.environ["K8SLAB_CLUSTER"]
    else:
        os.environ["K8SLAB_CLUSTER"] = before


def _children() -> set[int]:
    found = psutil.Process().children(recursive=True)
    return {process.pid for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE}


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.is_alive()}


def _sockets() -> set[int]:
    """Return the file descriptors of open sockets (Linux; nothing elsewhere)."""
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return set()
    return {int(entry.name) for entry in folder.iterdir() if _target(entry).startswith("socket:")}


def _target(entry: Path) -> str:
    try:
        return os.readlink(entry)  # noqa: PTH115 (a socket's link has no path to make)
    except OSError:
        return ""


def _left(before: tuple[set[int], set[threading.Thread], set[int]]) -> list[str]:
    processes = [f"process {pid}" for pid in _children() - before[0]]
    threads = [f"thread {thread.name}" for thread in _threads() - before[1]]
    sockets = [f"socket {descriptor}" for descriptor in _sockets() - before[2]]
    return processes + threads + sockets


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a process, a thread or a socket behind; what wider fixtures own was there before."""
    if "leaves_to_session" in request.keywords:
        yield
        return
    before = (_children(), _threads(), _sockets())
    yield
    if not _left(before):
        return  # collecting garbage after each of thousands of tests takes longer than they do
    deadline = time.monotonic() + PATIENCE_SECONDS
    gc.collect()
    while (left := _left(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
        gc.collect()
    if left:
        pytest.fail("left behind: " + ", ".join(left))
