"""Streams of commands whose output goes to a log or is kept."""

from __future__ import annotations

import asyncio

from k8slab.emulator.api import ContainerLog
from k8slab.emulator.node.host_client import ToolResult


class LogStreams:
    """``emulator.api.ExecStreams`` into a container's log; without input."""

    def __init__(self, log: ContainerLog) -> None:
        self._log = log

    async def read_stdin(self) -> bytes:
        """Return the end of the input."""
        return b""

    async def write_stdout(self, data: bytes) -> None:
        """Add output to the log."""
        self._log.write("stdout", data)

    async def write_stderr(self, data: bytes) -> None:
        """Add error output to the log."""
        self._log.write("stderr", data)

    async def next_size(self) -> tuple[int, int]:
        """Wait for ever: there is no terminal."""
        await asyncio.Event().wait()
        return 0, 0


class Collected:
    """``emulator.api.ExecStreams`` that keep what is written."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._err = bytearray()

    async def read_stdin(self) -> bytes:
        """Return the end of the input."""
        return b""

    async def write_stdout(self, data: bytes) -> None:
        """Keep output."""
        self._out += data

    async def write_stderr(self, data: bytes) -> None:
        """Keep error output."""
        self._err += data

    async def next_size(self) -> tuple[int, int]:
        """Wait for ever: there is no terminal."""
        await asyncio.Event().wait()
        return 0, 0

    def result(self, code: int) -> ToolResult:
        """Return what was written, with an exit code."""
        return ToolResult(code, bytes(self._out), bytes(self._err))
