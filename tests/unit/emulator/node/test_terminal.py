from __future__ import annotations

import pytest

from k8slab.emulator.node.terminal import LineDiscipline, TerminalStreams


@pytest.mark.parametrize(
    ("keys", "lines", "echo"),
    [
        (b"ls\r", [b"ls\n"], b"ls\r\n"),
        (b"a\nb\r", [b"a\n", b"b\n"], b"a\r\nb\r\n"),
        (b"lx\x7fs\r", [b"ls\n"], b"lx\b \bs\r\n"),
        (b"\x7f\x7fa\r", [b"a\n"], b"a\r\n"),
        ("né\x08e\r".encode(), [b"ne\n"], "né\b \be\r\n".encode()),
        (b"one two\x17\r", [b"one \n"], b"one two" + b"\b \b" * 3 + b"\r\n"),
        (b"abc\x15d\r", [b"d\n"], b"abc" + b"\b \b" * 3 + b"d\r\n"),
        (b"\x1b[A\r", [b"\x1b[A\n"], b"^[[A\r\n"),
        (b"half\x04", [b"half"], b"half"),
    ],
)
def test_keys_become_lines(keys: bytes, lines: list[bytes], echo: bytes) -> None:
    fed = LineDiscipline().feed(keys)
    assert (fed.lines, bytes(fed.echo), fed.signals, fed.ended) == (lines, echo, [], False)


def test_interrupt_drops_the_line() -> None:
    discipline = LineDiscipline()
    fed = discipline.feed(b"abc\x03")
    assert (fed.lines, bytes(fed.echo), fed.signals) == ([], b"abc^C", [2])
    assert discipline.feed(b"d\r").lines == [b"d\n"]
    assert discipline.feed(b"\x1c").signals == [3]


def test_end_of_input_on_an_empty_line() -> None:
    assert LineDiscipline().feed(b"\x04").ended


class Client:
    def __init__(self, *keys: bytes) -> None:
        self.keys = list(keys)
        self.shown = b""

    async def read_stdin(self) -> bytes:
        return self.keys.pop(0) if self.keys else b""

    async def write_stdout(self, data: bytes) -> None:
        self.shown += data

    async def write_stderr(self, data: bytes) -> None:
        raise AssertionError(data)

    async def next_size(self) -> tuple[int, int]:
        return (80, 24)


async def test_streams_of_a_terminal() -> None:
    numbers: list[int] = []

    async def interrupt(number: int) -> None:
        numbers.append(number)

    client = Client(b"e", b"cho\r", b"\x03", b"\x04", b"never\r")
    streams = TerminalStreams(client, interrupt)
    assert await streams.read_stdin() == b"echo\n"
    await streams.write_stdout(b"a\nb\n")
    await streams.write_stderr(b"c\n")
    assert await streams.read_stdin() == b""
    assert numbers == [2]
    assert client.shown == b"echo\r\na\r\nb\r\nc\r\n^C"
