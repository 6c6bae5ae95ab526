"""Where connections end that a NetworkPolicy drops: nobody answers, until nginx would have given up.

A unix socket cannot lose packets, so what nginx would say after its tries (504, three times five seconds) is said here.
"""

from __future__ import annotations

import asyncio

from k8slab.clock import Clock

_SECONDS = 15.0
_LINES = (
    "<html>", "<head><title>504 Gateway Time-out</title></head>", "<body>",
    "<center><h1>504 Gateway Time-out</h1></center>", "<hr><center>nginx</center>", "</body>", "</html>", "",
)  # fmt: skip


class Dropping:
    """Listens on a unix socket."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._waiting: set[asyncio.Task[None]] = set()

    async def start(self, path: str) -> None:
        """Begin to take connections."""
        self._server = await asyncio.start_unix_server(self._accept, path)

    async def stop(self) -> None:
        """End all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._wait(reader, writer))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reading = asyncio.ensure_future(reader.read())  # ends when nginx gives up by itself
            sleeping = asyncio.ensure_future(self._clock.sleep(_SECONDS))
            await asyncio.wait((reading, sleeping), return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, sleeping):
                task.cancel()
            body = "\r\n".join(_LINES)
            head = f"HTTP/1.1 504 Gateway Time-out\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write((head + body).encode())
        finally:
            writer.close()
