"""Carries the bytes of one connection to another, both ways, until both sides have ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_CHUNK = 65536


async def splice(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Copy both ways; the end of one direction is passed on alone (half-close), a reset ends both."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(near[0], far[1]))
            group.create_task(_copy(far[0], near[1]))
    except* ConnectionError:
        pass
    finally:
        for writer in (near[1], far[1]):
            await close(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        with suppress(OSError):
            writer.write_eof()


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection; what the other side did before does not matter."""
    writer.close()
    with suppress(ConnectionError, asyncio.CancelledError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once, as a host that refuses does after the handshake."""
    writer.transport.abort()
