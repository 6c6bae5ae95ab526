"""SPDY/3.1 frames as bytes and as values (the draft of the protocol, chapter 2). Pure: no I/O.

A frame begins with eight bytes. Control: 1 bit set, 15 bits version (3), 16 bits type, 8 bits flags, 24 bits length.
Data: 1 bit clear, 31 bits stream, 8 bits flags, 24 bits length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8slab.emulator.apiserver.streaming.spdy_headers import HeaderError, HeaderPacker, HeaderUnpacker

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 0x01
# Why a stream is reset (2.6.3).
PROTOCOL_ERROR, INVALID_STREAM, REFUSED_STREAM, CANCEL = 1, 2, 3, 5
_HEAD = 8
# Clients of Kubernetes write at most 32 KiB at once; what is larger than this is no honest frame.
_LARGEST_FRAME = 1 << 22
_STREAM_BITS = 0x7FFFFFFF
# Frames with headers, and where the block of headers begins in each.
_WITH_HEADERS = {SYN_STREAM: 10, SYN_REPLY: 4, HEADERS: 4}


class FrameError(ValueError):
    """Bytes that are no SPDY/3 frame; the connection cannot go on."""


@dataclass(frozen=True, slots=True)
class SynStream:
    """A new stream with its headers (names in lower case)."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False


@dataclass(frozen=True, slots=True)
class SynReply:
    """The other side takes the stream."""

    stream: int
    headers: Mapping[str, str]
    fin: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a stream; ``fin`` ends the sender's half."""

    stream: int
    data: bytes
    fin: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """A stream ends at once, in both directions."""

    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life; it goes back as it came."""

    identity: int


@dataclass(frozen=True, slots=True)
class GoAway:
    """No more streams after this one."""

    last_stream: int
    status: int = 0


Frame = SynStream | SynReply | Data | Reset | Ping | GoAway


class FrameReader:
    """Turns bytes as they arrive into frames. Frames that carry nothing we need (settings, windows) are left out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._headers = HeaderUnpacker()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete now; raises ``FrameError``."""
        self._buffer += data
        while len(self._buffer) >= _HEAD:
            first, second = struct.unpack_from(">II", self._buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if length > _LARGEST_FRAME:
                raise FrameError(f"a frame of {length} bytes is larger than {_LARGEST_FRAME}")
            if len(self._buffer) < _HEAD + length:
                return
            payload = bytes(self._buffer[_HEAD : _HEAD + length])
            del self._buffer[: _HEAD + length]
            frame = self._frame(first, flags, payload)
            if frame is not None:
                yield frame

    def _frame(self, first: int, flags: int, payload: bytes) -> Frame | None:
        fin = bool(flags & FIN)
        if not first >> 31:
            return Data(first, payload, fin)
        version, kind = (first >> 16) & 0x7FFF, first & 0xFFFF
        if version != VERSION:
            raise FrameError(f"SPDY version {version} is not 3")
        try:
            return self._control(kind, payload, fin)
        except (struct.error, HeaderError) as error:
            raise FrameError(f"control frame {kind}: {error}") from error

    def _control(self, kind: int, payload: bytes, fin: bool) -> Frame | None:
        if kind in _WITH_HEADERS:
            (stream,) = struct.unpack_from(">I", payload)
            # The block must be read in any case: the next one continues its compression.
            headers = self._headers.unpack(payload[_WITH_HEADERS[kind] :])
            if kind == HEADERS:
                return None
            return (SynStream if kind == SYN_STREAM else SynReply)(stream & _STREAM_BITS, headers, fin)
        if kind == RST_STREAM:
            stream, status = struct.unpack_from(">II", payload)
            return Reset(stream & _STREAM_BITS, status)
        if kind == PING:
            return Ping(*struct.unpack_from(">I", payload))
        return GoAway(*struct.unpack_from(">II", payload)) if kind == GOAWAY else None


class FrameWriter:
    """Turns frames into bytes."""

    def __init__(self) -> None:
        self._headers = HeaderPacker()

    def encode(self, frame: Frame) -> bytes:
        """Return a frame's bytes. Frames must be sent in the order in which they were encoded."""
        if isinstance(frame, Data):
            return struct.pack(">II", frame.stream, frame.fin << 24 | len(frame.data)) + frame.data
        if isinstance(frame, SynStream):
            body = struct.pack(">IIH", frame.stream, 0, 0) + self._headers.pack(frame.headers)
            return _control(SYN_STREAM, body, frame.fin)
        if isinstance(frame, SynReply):
            body = struct.pack(">I", frame.stream) + self._headers.pack(frame.headers)
            return _control(SYN_REPLY, body, frame.fin)
        if isinstance(frame, Reset):
            return _control(RST_STREAM, struct.pack(">II", frame.stream, frame.status))
        if isinstance(frame, Ping):
            return _control(PING, struct.pack(">I", frame.identity))
        return _control(GOAWAY, struct.pack(">II", frame.last_stream, frame.status))


def _control(kind: int, body: bytes, fin: bool = False) -> bytes:
    return struct.pack(">HHI", 0x8000 | VERSION, kind, fin << 24 | len(body)) + body
