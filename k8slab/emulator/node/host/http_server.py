"""A small HTTP/1.1 server for the teaching programs; it reads the PROXY line that tells the client's address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from k8slab.emulator.node.host.context import Serve

_LARGEST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; ``client`` is the virtual ``address:port``."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    client: str

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer in plain text."""

    body: str | bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response | Awaitable[Response]]


def serve_with(handler: Handler) -> Serve:
    """Return what serves a connection with a handler, request after request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            proxy = (await reader.readline()).decode("ascii", "replace").split(" ")
            client = f"{proxy[2]}:{proxy[4]}" if len(proxy) > 5 else ""  # noqa: PLR2004 - PROXY TCP4 a b p q
            while (request := await _read(reader, client)) is not None:
                made = handler(request)
                _write(writer, request, made if isinstance(made, Response) else await made)
                await writer.drain()
                if request.header("Connection").lower() == "close":
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    return serve


async def _read(reader: asyncio.StreamReader, client: str) -> Request | None:
    try:
        start = await reader.readexactly(1)
        if not start.isalpha():
            return None  # no method begins so: a TLS handshake, mostly, which would never send a line's end
        raw = start + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = raw.decode("latin-1").strip().split("\r\n")
    method, target, version = first.split(" ", 2)
    pairs = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    size = next((int(value) for name, value in pairs if name.lower() == "content-length"), 0)
    body = await reader.readexactly(min(size, _LARGEST_BODY)) if size else b""
    for left in range(size - len(body), 0, -_LARGEST_BODY):  # the rest is read, not kept
        await reader.readexactly(min(left, _LARGEST_BODY))
    return Request(method, target, version, pairs, body, client)


def _write(writer: asyncio.StreamWriter, request: Request, response: Response) -> None:
    body = response.body.encode() if isinstance(response.body, str) else response.body
    known = response.status in HTTPStatus.__members__.values()
    reason = HTTPStatus(response.status).phrase if known else f"status code {response.status}"
    head = [
        f"HTTP/1.1 {response.status} {reason}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(body)}",
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        "",
        "",
    ]
    writer.write("\r\n".join(head).encode() + (b"" if request.method == "HEAD" else body))
