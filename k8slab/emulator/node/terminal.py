"""A terminal's line discipline: what Linux does between a client's keys and a program (termios(3), canonical mode).

The program gets whole lines; keys are echoed; Ctrl-C becomes a signal; lines of output end in a return and a newline.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from k8slab.emulator.api import ExecStreams

_RETURN, _NEWLINE, _END, _KILL, _WORD = 0x0D, 0x0A, 0x04, 0x15, 0x17
_ERASE = (0x7F, 0x08)
_SIGNALS = {0x03: signal.SIGINT, 0x1C: signal.SIGQUIT}
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F
_RUBOUT = b"\b \b"


@dataclass(slots=True)
class Fed:
    """What some keys led to: output for the client, input for the program, signals; ``ended``: the end of input."""

    echo: bytearray = field(default_factory=bytearray)
    lines: list[bytes] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    ended: bool = False


class LineDiscipline:
    """Turns keys into lines. Pure."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, data: bytes) -> Fed:
        """Take keys; return what they led to."""
        fed = Fed()
        for key in data:
            self._key(key, fed)
        return fed

    def _key(self, key: int, fed: Fed) -> None:
        if key in (_RETURN, _NEWLINE):
            fed.echo += b"\r\n"
            fed.lines.append(bytes(self._line) + b"\n")
            self._line.clear()
        elif key in _SIGNALS:
            fed.echo += _caret(key)
            fed.signals.append(int(_SIGNALS[key]))
            self._line.clear()
        elif key == _END:
            self._end(fed)
        elif key in _ERASE:
            self._erase(fed)
        elif key == _KILL:
            while self._line:
                self._erase(fed)
        elif key == _WORD:
            self._erase_word(fed)
        else:
            self._line.append(key)
            fed.echo += bytes([key]) if key >= _FIRST_PRINTABLE or key == ord("\t") else _caret(key)

    def _end(self, fed: Fed) -> None:
        """Hand over what is typed so far; nothing typed is the end of the input."""
        if self._line:
            fed.lines.append(bytes(self._line))
            self._line.clear()
        else:
            fed.ended = True

    def _erase(self, fed: Fed) -> None:
        if not self._line:
            return
        # A character of UTF-8 is erased as a whole: its later bytes are 10xxxxxx.
        while len(self._line) > 1 and self._line[-1] & 0xC0 == 0x80:  # noqa: PLR2004
            self._line.pop()
        key = self._line.pop()
        fed.echo += _RUBOUT * (2 if key < _FIRST_PRINTABLE and key != ord("\t") else 1)

    def _erase_word(self, fed: Fed) -> None:
        while self._line and self._line[-1] in b" \t":
            self._erase(fed)
        while self._line and self._line[-1] not in b" \t":
            self._erase(fed)


def _caret(key: int) -> bytes:
    return b"^" + bytes([key ^ 0x40])


class TerminalStreams:
    """``emulator.api.ExecStreams`` of a program that has a terminal; ``interrupt`` takes the signals of keys."""

    def __init__(self, client: ExecStreams, interrupt: Callable[[int], Awaitable[None]]) -> None:
        self._client = client
        self._interrupt = interrupt
        self._discipline = LineDiscipline()

    async def read_stdin(self) -> bytes:
        """Return the next lines; empty at the end of the input."""
        while data := await self._client.read_stdin():
            fed = self._discipline.feed(data)
            if fed.echo:
                await self._client.write_stdout(bytes(fed.echo))
            for number in fed.signals:
                await self._interrupt(number)
            if fed.lines:
                return b"".join(fed.lines)
            if fed.ended:
                break
        return b""

    async def write_stdout(self, data: bytes) -> None:
        """Send output; each line ends as a terminal needs it."""
        await self._client.write_stdout(data.replace(b"\n", b"\r\n"))

    async def write_stderr(self, data: bytes) -> None:
        """Send error output: a terminal has one output only."""
        await self.write_stdout(data)

    async def next_size(self) -> tuple[int, int]:
        """Return columns and rows when the client's terminal gets a size."""
        return await self._client.next_size()
