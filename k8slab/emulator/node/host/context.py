"""What a program sees of its container: arguments, environment, files, streams and the network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


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


@dataclass(slots=True)
class Streamset:
    """Input and output of one command."""

    read: Callable[[], Awaitable[bytes]]
    out: Callable[[bytes], Awaitable[None]]
    err: Callable[[bytes], Awaitable[None]]


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
