"""The log of each container run, as the container runtime keeps it: one timestamped line after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from k8slab.clock import Clock, parse_timestamp
from k8slab.emulator.api import LogOptions

# The kubelet rotates at 10 MiB; a lab keeps less.
LIMIT_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end, and when it was written."""

    when: datetime
    data: bytes
    stream: str = "stdout"


# A piece of output with the stream it came from; None at the end of the run.
Output = tuple[str, bytes] | None


class RunLog:
    """``emulator.api.ContainerLog`` of one run of a container; the oldest lines go beyond 2 MiB."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[Line] = deque()
        self._first = 0
        self._read_up_to = 0
        self._size = 0
        self._partial: dict[str, bytes] = {}
        self._more = asyncio.Event()
        self._followers: set[asyncio.Queue[Output]] = set()
        self.ended = False

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Append output as it came; a line is kept when its end comes."""
        for follower in self._followers:
            follower.put_nowait((stream, data))
        *lines, rest = (self._partial.pop(stream, b"") + data).split(b"\n")
        for line in lines:
            self._append(line + b"\n", stream)
        if rest:
            self._partial[stream] = rest
        self._wake()

    def _append(self, data: bytes, stream: str) -> None:
        self._lines.append(Line(self._clock.now(), data, stream))
        self._size += len(data)
        while self._size > LIMIT_BYTES:
            self._size -= len(self._lines.popleft().data)
            self._first += 1

    def end(self) -> None:
        """Say that nothing more comes."""
        for stream, rest in self._partial.items():
            self._append(rest, stream)
        self._partial.clear()
        self.ended = True
        for follower in self._followers:
            follower.put_nowait(None)
        self._wake()

    async def attached(self, *, replay: bool) -> AsyncGenerator[tuple[str, bytes], None]:
        """Yield output as it is written, parts of lines too, until the run ends.

        ``replay`` begins with what no client has read yet: kubectl shows the log before it attaches.
        """
        follower: asyncio.Queue[Output] = asyncio.Queue()
        if replay:
            for line in self._from(self._read_up_to):
                follower.put_nowait((line.stream, line.data))
            for stream, rest in self._partial.items():
                follower.put_nowait((stream, rest))
        if self.ended:
            follower.put_nowait(None)
        self._followers.add(follower)
        try:
            while (output := await follower.get()) is not None:
                yield output
        finally:
            self._followers.discard(follower)

    def _wake(self) -> None:
        more, self._more = self._more, asyncio.Event()
        more.set()

    async def read(self, options: LogOptions) -> AsyncIterator[bytes]:
        """Yield the lines that the options ask for; endlessly with ``follow`` until the run ends."""
        place = self._first + self._start(options)
        budget = options.limit_bytes if options.limit_bytes is not None else -1
        while True:
            more = self._more
            for line in self._from(place):
                shown = _shown(line, options)
                if 0 <= budget < len(shown):
                    yield shown[:budget]
                    return
                budget -= len(shown) if budget > 0 else 0
                yield shown
            place = self._read_up_to = self._first + len(self._lines)
            if not options.follow or self.ended:
                return
            await more.wait()

    def _from(self, place: int) -> list[Line]:
        lines = list(self._lines)
        return lines[max(0, place - self._first) :]

    def _start(self, options: LogOptions) -> int:
        lines = list(self._lines)
        start = 0
        since = self._since(options)
        if since is not None:
            start = next((index for index, line in enumerate(lines) if line.when >= since), len(lines))
        if options.tail_lines is not None:
            start = max(start, len(lines) - options.tail_lines)
        return start

    def _since(self, options: LogOptions) -> datetime | None:
        if options.since_time:
            return parse_timestamp(options.since_time)
        if options.since_seconds is not None:
            return self._clock.now() - timedelta(seconds=options.since_seconds)
        return None

    def tail(self, size: int, lines: int) -> str:
        """Return the last lines as text, at most ``size`` bytes of them."""
        last = list(self._lines)[-lines:]
        return b"".join(line.data for line in last)[-size:].decode(errors="replace")


def _shown(line: Line, options: LogOptions) -> bytes:
    if not options.timestamps:
        return line.data
    return line.when.strftime("%Y-%m-%dT%H:%M:%S.%f000Z ").encode() + line.data
