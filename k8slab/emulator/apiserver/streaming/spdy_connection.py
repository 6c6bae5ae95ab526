"""The server's side of a SPDY/3.1 connection: streams that the client opens, each a pair of byte queues.

As in github.com/moby/spdystream, which every client of Kubernetes uses, there are no flow-control windows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from k8slab.emulator.apiserver.streaming.pipes import BytePipe
from k8slab.emulator.apiserver.streaming.spdy_frames import (
    CANCEL,
    INVALID_STREAM,
    REFUSED_STREAM,
    Data,
    Frame,
    FrameError,
    FrameReader,
    FrameWriter,
    GoAway,
    Ping,
    Reset,
    SynReply,
    SynStream,
)  # fmt: skip

# Bytes of one frame that we send; the bytes of a stream that wait for a slow reader.
_CHUNK = 1 << 15
_WAITING_LIMIT = 1 << 22
# Says why a stream with such headers is not taken; an empty text takes it.
Judge = Callable[[Mapping[str, str]], str]


class SpdyStream:
    """One stream; ``headers`` have names in lower case."""

    def __init__(self, connection: SpdyConnection, number: int, headers: Mapping[str, str]) -> None:
        self._connection = connection
        self.number = number
        self.headers = headers
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting = 0
        self._ended = False
        self.open = True
        self.was_reset = False

    def take(self, data: bytes, *, fin: bool) -> bool:
        """Keep what the client sent; False when too much waits already."""
        if data and not self._ended:
            self._waiting += len(data)
            self._incoming.put_nowait(data)
        if fin and not self._ended:
            self._ended = True
            self._incoming.put_nowait(b"")
        return self._waiting <= _WAITING_LIMIT

    async def read(self) -> bytes:
        """Return the next bytes; empty at the end of the client's half."""
        data = await self._incoming.get()
        self._waiting -= len(data)
        if not data:
            self._incoming.put_nowait(b"")
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes, in frames of at most 32 KiB."""
        for place in range(0, len(data), _CHUNK):
            if self.open:
                await self._connection.send(Data(self.number, data[place : place + _CHUNK]))

    async def close(self) -> None:
        """End our half."""
        if self.open:
            self.open = False
            await self._connection.send(Data(self.number, b"", fin=True))

    async def reset(self, status: int = CANCEL) -> None:
        """End the stream in both directions."""
        self.open = False
        self.take(b"", fin=True)
        await self._connection.send(Reset(self.number, status))


class SpdyConnection:
    """Reads a pipe and hands out the streams that the client opens."""

    def __init__(self, pipe: BytePipe, judge: Judge = lambda _headers: "") -> None:
        self._pipe = pipe
        self._judge = judge
        self._reader = FrameReader()
        self._writer = FrameWriter()
        self._streams: dict[int, SpdyStream] = {}
        self._opened: asyncio.Queue[SpdyStream | None] = asyncio.Queue()
        self._sending = asyncio.Lock()

    async def send(self, frame: Frame) -> None:
        """Send one frame; the order of encoding is the order on the wire."""
        async with self._sending:
            await self._pipe.write(self._writer.encode(frame))

    async def run(self) -> None:
        """Read frames until the client ends the connection; then every stream has ended."""
        try:
            while data := await self._pipe.read():
                for frame in self._reader.feed(data):
                    await self._take(frame)
        except FrameError:
            await self.send(GoAway(0, 1))
        finally:
            for stream in self._streams.values():
                stream.open = False
                stream.take(b"", fin=True)
            self._opened.put_nowait(None)

    async def streams(self) -> AsyncIterator[SpdyStream]:
        """Yield streams as they are opened, until the connection ends."""
        while (stream := await self._opened.get()) is not None:
            yield stream

    def forget(self, *streams: SpdyStream) -> None:
        """Drop streams that are over; what still comes for them is ignored."""
        for stream in streams:
            self._streams.pop(stream.number, None)

    async def _take(self, frame: Frame) -> None:
        if isinstance(frame, SynStream):
            await self._open(frame)
        elif isinstance(frame, Data):
            stream = self._streams.get(frame.stream)
            if stream is not None and not stream.take(frame.data, fin=frame.fin):
                await stream.reset(CANCEL)
        elif isinstance(frame, Reset):
            stream = self._streams.pop(frame.stream, None)
            if stream is not None:
                stream.open, stream.was_reset = False, True
                stream.take(b"", fin=True)
        elif isinstance(frame, Ping) and frame.identity % 2:
            # Odd numbers are the client's own questions.
            await self.send(frame)

    async def _open(self, frame: SynStream) -> None:
        if frame.stream in self._streams or not frame.stream % 2:
            await self.send(Reset(frame.stream, INVALID_STREAM))
            return
        if self._judge(frame.headers):
            await self.send(Reset(frame.stream, REFUSED_STREAM))
            return
        stream = SpdyStream(self, frame.stream, frame.headers)
        stream.take(b"", fin=frame.fin)
        self._streams[frame.stream] = stream
        await self.send(SynReply(frame.stream, {}))
        self._opened.put_nowait(stream)

    async def close(self) -> None:
        """Say good-bye and end the connection."""
        await self.send(GoAway(max(self._streams, default=0)))
        await self._pipe.close()
