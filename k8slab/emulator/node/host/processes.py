"""The processes of one container: numbers, signals, who runs. Every process is a task of the host's event loop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

# Signals that do nothing unless someone asks for them (signal(7)).
_QUIET = frozenset({signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH})
_UNCATCHABLE = signal.SIGKILL
SIGNALS = {entry.name.removeprefix("SIG"): int(entry) for entry in signal.Signals if not entry.name.startswith("SIGRT")}


@dataclass(slots=True)
class Process:
    """One process. ``handler`` takes a signal and tells whether it did something about it."""

    pid: int
    parent: int
    argv: Sequence[str]
    cwd: str = "/"
    started: float = field(default_factory=time.monotonic)
    task: asyncio.Task[Any] | None = None
    handler: Callable[[int], bool] | None = None
    killed_by: int = 0

    def deliver(self, number: int) -> None:
        """Act on a signal: its handler's way, or the default; the first process has no default (pid_namespaces(7))."""
        if number == 0:
            return
        if number != _UNCATCHABLE:
            if self.handler is not None and self.handler(number):
                return
            if self.pid == 1 or number in _QUIET:
                return
        self.killed_by = number
        if self.task is not None:
            self.task.cancel()


class ProcessTable:
    """Numbers processes from 1 on."""

    def __init__(self) -> None:
        self._processes: dict[int, Process] = {}
        self._next = 1
        self.booted = time.monotonic()

    def spawn(self, argv: Sequence[str], parent: int = 0, cwd: str = "/") -> Process:
        """Return a new process."""
        process = Process(self._next, parent, list(argv), cwd)
        self._next += 1
        self._processes[process.pid] = process
        return process

    def reserve(self, argv: Sequence[str]) -> None:
        """Give the first number to a program that does not run here (the real nginx)."""
        self.spawn(argv)

    def ended(self, process: Process) -> None:
        """Take a process that has ended out of the table; the first one adopts its children."""
        self._processes.pop(process.pid, None)
        for entry in self._processes.values():
            if entry.parent == process.pid:
                entry.parent = 1

    def get(self, pid: int) -> Process | None:
        """Return a process that runs."""
        return self._processes.get(pid)

    def all(self) -> list[Process]:
        """Return the processes by number."""
        return [self._processes[pid] for pid in sorted(self._processes)]

    def descendants(self, process: Process) -> list[Process]:
        """Return the processes that a process started, and those that they started; the youngest first."""
        known = {process.pid}
        found = []
        for entry in self.all():
            if entry.parent in known:
                known.add(entry.pid)
                found.append(entry)
        return found[::-1]

    def end_all(self) -> None:
        """End every process, as the end of the first one does."""
        for process in self.all():
            process.deliver(_UNCATCHABLE)


async def run_as(table: ProcessTable, process: Process, work: Any) -> int:
    """Run a coroutine as a process; return its exit code, 128 and the number of the signal that ended it."""
    task: asyncio.Task[int] = asyncio.ensure_future(work)
    process.task = task
    try:
        return await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if process.killed_by and not (current and current.cancelling()):
            return 128 + process.killed_by
        raise
    finally:
        table.ended(process)


def signal_number(text: str) -> int | None:
    """Return the number of ``TERM``, ``SIGTERM`` or ``15``; 0 is ``EXIT``."""
    name = text.upper().removeprefix("SIG")
    if name == "EXIT":
        return 0
    if name.isdigit():
        return int(name) if int(name) <= 64 else None  # noqa: PLR2004 - the last real-time signal
    return SIGNALS.get(name)
