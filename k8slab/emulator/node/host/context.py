"""What a program sees of its container: arguments, environment, files, streams and the network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from k8slab.emulator.node.host.processes import ProcessTable


class NetworkError(OSError):
    """A connection that was not made; ``kind`` is ``refused``, ``dropped`` or ``nohost``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Network(Protocol):
    """The network as one pod sees it."""

    async def dial(self, host: str, port: int) -> tuple[Streams, str]:
        """Connect; return the streams and the address reached. Raises ``NetworkError``."""
        ...

    async def resolve(self, host: str) -> list[str]:
        """Return the addresses of a name; raises ``NetworkError``."""
        ...

    async def listen(self, port: int, serve: Serve) -> None:
        """Serve connections to a port of the pod until the container ends."""
        ...

    async def unlisten(self, port: int) -> None:
        """Stop serving a port."""
        ...

    async def tool(self, arguments: list[str]) -> tuple[int, bytes, bytes]:
        """Run the image's own program (the real nginx); return its exit code and what it printed."""
        ...

    async def records(self, name: str, kind: str) -> list[tuple[str, str, str]] | None:
        """Return ``(name, type, data)`` of a full name's DNS records; None: there is none. Raises ``NetworkError``."""
        ...

    async def answers(self, address: str) -> bool:
        """Tell whether someone has the address (who would answer a ping)."""
        ...

    async def listening(self) -> list[int]:
        """Return the pod's ports that are listened on."""
        ...


Writer = Callable[[bytes], Awaitable[None]]


class Input:
    """What a command reads: chunks as they come, or lines. An empty chunk is the end.

    Commands of one script share it, so that a line is taken by one of them and the rest is left to the next.
    """

    def __init__(self, source: Callable[[], Awaitable[bytes]]) -> None:
        self._source = source
        self._kept = b""
        self._ended = False

    async def __call__(self) -> bytes:
        """Return the next chunk."""
        if self._kept:
            data, self._kept = self._kept, b""
            return data
        return await self._more()

    async def _more(self) -> bytes:
        data = b"" if self._ended else await self._source()
        self._ended = not data
        return data

    async def line(self, end: bytes = b"\n") -> bytes:
        """Return the next line with its end; what is left without one at the end of the input."""
        data = await self()
        while end not in data and (more := await self._more()):
            data += more
        line, found, rest = data.partition(end)
        self._kept = rest
        return line + found

    async def some(self, count: int) -> bytes:
        """Return the next ``count`` bytes, or what is left of them."""
        data = await self()
        while len(data) < count and (more := await self._more()):
            data += more
        self._kept = data[count:]
        return data[:count]

    async def all(self) -> bytes:
        """Return everything that is left."""
        data = bytearray()
        while chunk := await self():
            data += chunk
        return bytes(data)


def input_of(data: bytes) -> Input:
    """Return an input with that content."""
    chunks = [data] if data else []

    async def read() -> bytes:
        return chunks.pop() if chunks else b""

    return Input(read)


async def discard(_data: bytes) -> None:
    """Take output to nowhere."""


@dataclass(slots=True)
class Streamset:
    """Input and output of one command; ``more`` has the descriptors above 2."""

    read: Input
    out: Writer
    err: Writer
    more: dict[int, Writer] = field(default_factory=dict)
    terminal: bool = False


@dataclass(slots=True)
class ProgramContext:
    """One container, as its programs see it."""

    root: str
    hostname: str
    address: str
    namespace: str
    env: dict[str, str]
    cwd: str
    network: Network
    streams: Streamset
    image: str = ""
    volumes: str = ""
    read_only: Sequence[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    processes: ProcessTable = field(default_factory=ProcessTable)
