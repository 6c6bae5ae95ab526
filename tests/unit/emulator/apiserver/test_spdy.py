from __future__ import annotations

import asyncio
import zlib

import pytest

from k8slab.emulator.apiserver.streaming.port_forward import asked_ports, refusal
from k8slab.emulator.apiserver.streaming.spdy_connection import SpdyConnection
from k8slab.emulator.apiserver.streaming.spdy_frames import (
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
)
from k8slab.emulator.apiserver.streaming.spdy_headers import DICTIONARY

FRAMES: list[Frame] = [
    SynStream(1, {"streamtype": "error", "port": "80", "requestid": "0"}),
    SynStream(3, {"streamtype": "data", "port": "80", "requestid": "0"}, fin=True),
    SynReply(1, {}),
    Data(1, b"hello \x00\xff"),
    Data(3, b"", fin=True),
    Reset(3, 5),
    Ping(7),
    GoAway(3, 0),
]


def test_dictionary_is_the_one_of_the_draft() -> None:
    # zlib names a preset dictionary by this checksum; SPDY/3's is published as such in every stream's header.
    assert len(DICTIONARY) == 1423
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_frames_survive_any_split(size: int) -> None:
    writer, reader = FrameWriter(), FrameReader()
    wire = b"".join(writer.encode(frame) for frame in FRAMES)
    found = [frame for place in range(0, len(wire), size) for frame in reader.feed(wire[place : place + size])]
    assert found == FRAMES


def test_ping_bytes_are_those_of_the_draft() -> None:
    assert FrameWriter().encode(Ping(1)) == bytes.fromhex("80030006 00000004 00000001")
    assert FrameWriter().encode(Data(1, b"ab", fin=True)) == bytes.fromhex("00000001 01000002") + b"ab"


@pytest.mark.parametrize(
    "wire",
    [
        "80020006 00000004 00000001",  # version 2
        "80030006 00000002 0000",  # a ping that ends too early
        "80030001 0000000e 00000001 00000000 0000 ffffffff",  # a block of headers that zlib cannot read
        "00000001 00ffffff",  # a frame of 16 MB
    ],
)
def test_broken_frames_are_refused(wire: str) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(bytes.fromhex(wire)))


def test_settings_and_windows_are_left_out() -> None:
    settings = bytes.fromhex("80030004 0000000c 00000001 00000004 00000064")
    window = bytes.fromhex("80030009 00000008 00000001 00010000")
    assert list(FrameReader().feed(settings + window + FrameWriter().encode(Ping(1)))) == [Ping(1)]


class Pipe:
    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self.reader = FrameReader()
        self.sent: list[Frame] = []
        self.closed = False

    async def read(self) -> bytes:
        return await self.incoming.get()

    async def write(self, data: bytes) -> None:
        self.sent += self.reader.feed(data)

    async def close(self) -> None:
        self.closed = True


async def test_streams_are_opened_answered_and_ended() -> None:
    pipe, client = Pipe(), FrameWriter()
    connection = SpdyConnection(pipe, refusal)
    running = asyncio.create_task(connection.run())
    for frame in (
        SynStream(1, {"streamtype": "data", "port": "80"}),
        Data(1, b"one"),
        Data(1, b"two", fin=True),
        SynStream(3, {"streamtype": "data"}),
        SynStream(4, {"streamtype": "data", "port": "80"}),
        Ping(5),
        Ping(6),
    ):
        pipe.incoming.put_nowait(client.encode(frame))
    streams = connection.streams()
    stream = await anext(streams)
    assert [await stream.read() for _ in range(4)] == [b"one", b"two", b"", b""]
    await stream.write(b"x" * 40000)
    await stream.close()
    await stream.write(b"too late")
    pipe.incoming.put_nowait(b"")
    assert [stream async for stream in streams] == []
    await running
    assert pipe.sent[:4] == [SynReply(1, {}), Reset(3, 3), Reset(4, 2), Ping(5)]
    assert [(len(frame.data), frame.fin) for frame in pipe.sent[4:] if isinstance(frame, Data)] == [
        (32768, False),
        (7232, False),
        (0, True),
    ]


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"port": "80", "streamtype": "data"}, ""),
        ({"port": "x", "streamtype": "data"}, "as a port"),
        ({"port": "0", "streamtype": "data"}, "must be > 0"),
        ({"port": "80", "streamtype": "stdin"}, "invalid stream type"),
        ({"streamtype": "data"}, "is required"),
    ],
)
def test_port_forward_judges_streams(headers: dict[str, str], word: str) -> None:
    assert (word in refusal(headers)) if word else refusal(headers) == ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["80"], [80]),
        (["80,81", "82"], [80, 81, 82]),
        ([], 'query parameter "port" is required'),
        ([""], 'query parameter "port" cannot be empty'),
        (["0"], 'port "0" must be > 0'),
    ],
)
def test_ports_of_the_channel_form(values: list[str], expected: object) -> None:
    assert asked_ports(values) == expected
