"""Commands that print what they are told: echo, printf, seq, yes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import UsageError, bytes_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(0[0-7]{1,3}|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_CONVERSION = re.compile(r"%(%|([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z]))")


def unescape(text: str) -> tuple[str, bool]:
    r"""Return the text with its backslash escapes done, and whether ``\c`` ended it."""
    stopped = text.partition("\\c")[0] if re.search(r"(?<!\\)(\\\\)*\\c", text) else None
    return _ESCAPE.sub(_escape, text if stopped is None else stopped), stopped is not None


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "01234567":
        return bytes([int(code, 8) & 255]).decode(errors="surrogateescape")
    if code[0] == "x" and len(code) > 1:
        return bytes([int(code[1:], 16)]).decode(errors="surrogateescape")
    return _ESCAPES.get(code, match[0])


async def echo(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print words; dash interprets backslashes, ash and bash only with ``-e``."""
    words = arguments[1:]
    newline, escapes = True, shell.system.speech == "dash"
    while words and re.fullmatch(r"-[neE]+", words[0]) and not (escapes and words[0] != "-n"):
        flags = words.pop(0)
        newline = newline and "n" not in flags
        escapes = escapes or "e" in flags
    text, stopped = unescape(" ".join(words)) if escapes else (" ".join(words), False)
    await streams.out(bytes_of(text + "\n" * (newline and not stopped)))
    return 0


class _Printf:
    def __init__(self, template: str, values: list[str]) -> None:
        self._template = template
        self._values = values
        self.used = 0
        self.problems: list[str] = []
        self.stopped = False

    def _next(self) -> str:
        self.used += 1
        return self._values.pop(0) if self._values else ""

    def once(self) -> str:
        self.used = 0
        made, place = "", 0
        for match in _CONVERSION.finditer(self._template):
            made += unescape(self._template[place : match.start()])[0]
            made += "%" if match[1] == "%" else self._converted(match)
            place = match.end()
            if self.stopped:
                return made
        text, self.stopped = unescape(self._template[place:])
        return made + text

    def _converted(self, match: re.Match[str]) -> str:
        width = self._next() if match[3] == "*" else match[3] or ""
        precision = self._next() if match[4] == "*" else match[4]
        form = f"%{match[2]}{width}" + (f".{precision}" if precision is not None else "")
        value, kind = self._next(), match[5]
        if kind == "b":
            text, self.stopped = unescape(value)
            return (form + "s") % text
        if kind == "c":
            return (form + "s") % value[:1]
        if kind in "diuxXo":
            return (form + ("d" if kind in "iu" else kind)) % self._integer(value)
        if kind in "feEgG":
            return (form + kind) % self._float(value)
        return (form + "s") % (f"'{value}'" if kind == "q" else value)

    def _integer(self, text: str) -> int:
        if text[:1] in ("'", '"'):
            return ord(text[1]) if len(text) > 1 else 0
        match = re.match(r"\s*([-+]?(?:0[xX][0-9a-fA-F]+|\d+))", text)
        if (match[0] if match else "") != text:
            self.problems.append(f"invalid number '{text}'")
        if match is None:
            return 0
        number = match[1]
        return int(number, 16 if "x" in number.lower() else 8 if re.fullmatch(r"[-+]?0\d+", number) else 10)

    def _float(self, text: str) -> float:
        try:
            return float(text or 0)
        except ValueError:
            self.problems.append(f"invalid number '{text}'")
            return 0.0


async def printf(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print by a template, again while there are values."""
    if len(arguments) < 2:  # noqa: PLR2004 - the command alone
        raise UsageError("usage: printf FORMAT [ARG]...")
    words = arguments[2:] if arguments[1] == "--" and len(arguments) > 2 else arguments[1:]  # noqa: PLR2004
    made = _Printf(words[0], words[1:])
    text = made.once()
    while made._values and made.used and not made.stopped:  # noqa: SLF001 - a class of this file
        text += made.once()
    await streams.out(bytes_of(text))
    for problem in made.problems:
        await streams.err(f"{shell.name}: {problem}\n".encode())
    return int(bool(made.problems))


async def seq(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print numbers from FIRST to LAST."""
    words, separator, pad = arguments[1:], "\n", False
    while words and words[0] in ("-s", "-w"):
        pad = pad or words[0] == "-w"
        separator = words[1] if words[0] == "-s" and len(words) > 1 else separator
        words = words[2 if words[0] == "-s" else 1 :]
    try:
        numbers = [float(word) if "." in word else int(word) for word in words]
    except ValueError as error:
        raise UsageError("usage: seq [-w] [-s SEP] [FIRST [INC]] LAST") from error
    if not 1 <= len(numbers) <= 3:  # noqa: PLR2004 - LAST, FIRST LAST, FIRST INC LAST
        raise UsageError("usage: seq [-w] [-s SEP] [FIRST [INC]] LAST")
    step = numbers[1] if len(numbers) == 3 else 1  # noqa: PLR2004 - FIRST INC LAST
    first, last = numbers[0] if len(numbers) > 1 else 1, numbers[-1]
    digits = max((len(word.partition(".")[2]) for word in words), default=0)
    width = max(len(f"{first:.{digits}f}"), len(f"{last:.{digits}f}")) if pad else 0
    count, shown = 0, ""
    while step and (first + count * step <= last if step > 0 else first + count * step >= last):
        shown += (separator if count else "") + f"{first + count * step:0{width}.{digits}f}"
        count += 1
        if len(shown) > 65536:  # noqa: PLR2004 - about what a pipe holds
            await streams.out(shown.encode())
            shown = ""
    await streams.out((shown + "\n" * bool(count)).encode())
    return 0


async def yes(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print a line for ever."""
    line = bytes_of(" ".join(arguments[1:] or ["y"]) + "\n") * 64
    while True:
        await streams.out(line)
        await asyncio.sleep(0)


TABLE: Mapping[str, Applet] = {"echo": echo, "printf": printf, "seq": seq, "yes": yes}
