"""Real sockets whose connections go along a route: NodePorts on loopback, upstream sockets of pods' nginx."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

from k8slab.emulator.api import DialError, Route
from k8slab.emulator.network.forwarding import close, reset, splice

_LOG = logging.getLogger(__name__)
# The way of a new connection; asked once for each.
Routing = Callable[[], Awaitable[Route]]


class Listener:
    """One listening socket and its open connections."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def on_socket(self, reserved: socket.socket) -> None:
        """Listen on a socket that is bound already."""
        self._server = await asyncio.start_server(self._accept, sock=reserved)

    async def on_unix(self, path: str) -> None:
        """Listen on a unix socket."""
        self._server = await asyncio.start_unix_server(self._accept, path)

    async def stop(self) -> None:
        """Stop listening and end the open connections."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await connect(await self._routing())
        except (DialError, OSError) as error:
            _LOG.info("connection refused: %s", error)
            reset(writer)
            return
        except asyncio.CancelledError:
            await close(writer)
            raise
        await splice((reader, writer), far)


def reserve(host: str, port: int) -> socket.socket:
    """Bind that port when it is free, another one otherwise. Until somebody listens, connections are refused."""
    for candidate in (port, 0):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setblocking(False)
        try:
            made.bind((host, candidate))
        except OSError as error:
            made.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES) or not candidate:
                raise
            continue
        return made
    raise RuntimeError("a port of zero is always free")


async def connect(route: Route) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open the connection of a route; the preamble is sent first."""
    reader, writer = await asyncio.open_unix_connection(route.socket_path)
    writer.write(route.preamble)
    return reader, writer
