"""Byte connections to a client: a WebSocket that carries bytes, or an upgraded HTTP connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from aiohttp import WSMsgType, web

_HIGH_WATER = 1 << 20


class BytePipe(Protocol):
    """One connection as bytes in order."""

    async def read(self) -> bytes:
        """Return the next bytes; empty at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; nothing happens when the client is gone."""
        ...

    async def close(self) -> None:
        """End the connection."""
        ...


class WebSocketPipe:
    """The bytes of binary messages (k8s.io/client-go/tools/portforward: tunnelling)."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def read(self) -> bytes:
        """Return the next message's bytes; empty at the end."""
        while True:
            message = await self._socket.receive()
            if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                data = message.data if isinstance(message.data, bytes) else message.data.encode()
                if data:
                    return bytes(data)
            elif message.type not in (WSMsgType.PING, WSMsgType.PONG):
                return b""

    async def write(self, data: bytes) -> None:
        """Send bytes as one binary message."""
        if not self._socket.closed:
            with suppress(ConnectionError):
                await self._socket.send_bytes(data)

    async def close(self) -> None:
        """Close the WebSocket."""
        with suppress(ConnectionError):
            await self._socket.close()


class _Feeder:
    """Takes the connection's bytes in place of aiohttp's HTTP parser."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        self._reader.feed_eof()

    def set_exception(self, _error: BaseException, _cause: BaseException | None = None) -> None:
        self._reader.feed_eof()


class UpgradedPipe:
    """The connection itself after ``101 Switching Protocols``."""

    def __init__(self, response: web.StreamResponse, request: web.Request) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        self.response = response
        self._transport = transport
        self._reader = asyncio.StreamReader(limit=_HIGH_WATER)
        self._reader.set_transport(transport)
        # aiohttp asks of a parser only these three methods; its annotation names its WebSocket reader.
        request.protocol.set_parser(_Feeder(self._reader))  # type: ignore[arg-type]

    async def read(self) -> bytes:
        """Return the next bytes; empty at the end."""
        try:
            return await self._reader.read(1 << 16)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            with suppress(ConnectionError):
                await self.response.write(data)

    async def close(self) -> None:
        """Close the connection after what was written."""
        self._transport.close()


async def upgraded(request: web.Request, protocol: str) -> UpgradedPipe:
    """Answer ``101`` to an upgrade to SPDY/3.1; ``protocol`` is the chosen ``X-Stream-Protocol-Version``."""
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    if protocol:
        headers["X-Stream-Protocol-Version"] = protocol
    response = web.StreamResponse(status=101, headers=headers)
    await response.prepare(request)
    return UpgradedPipe(response, request)
