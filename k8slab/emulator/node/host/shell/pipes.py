"""Pipes between commands, and files as their input and output."""

from __future__ import annotations

import asyncio
from pathlib import Path

from k8slab.emulator.node.host.context import Writer

_CAPACITY = 65536


class Pipe:
    """Bytes on their way from one command to the next; who writes waits while it is full."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._changed = asyncio.Event()
        self._written = False
        self._abandoned = False

    async def write(self, data: bytes) -> None:
        """Add bytes; raises ``BrokenPipeError`` when nobody reads any more."""
        while len(self._data) >= _CAPACITY and not self._abandoned:
            await self._wait()
        if self._abandoned:
            raise BrokenPipeError
        self._data += data
        self._wake()

    async def read(self) -> bytes:
        """Return what is there; empty at the end."""
        while not self._data and not self._written:
            await self._wait()
        data = bytes(self._data)
        self._data.clear()
        self._wake()
        return data

    async def _wait(self) -> None:
        await self._changed.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def end(self) -> None:
        """Say that nothing more is written."""
        self._written = True
        self._wake()

    def abandon(self) -> None:
        """Say that nobody reads any more."""
        self._abandoned = True
        self._wake()


def appending(path: Path) -> Writer:
    """Return what appends to a file; it is opened for each write, so that nothing stays open."""

    async def write(data: bytes) -> None:
        if data:
            with path.open("ab") as stream:
                stream.write(data)

    return write
