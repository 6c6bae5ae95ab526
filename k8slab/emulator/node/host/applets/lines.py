"""Filters over lines: cat, head, tail, wc, sort, uniq, cut, tr, tee and the like."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import cmp_to_key

from k8slab.emulator.node.host.applets.arguments import CANT_OPEN, Inputs, Options, UsageError, bytes_of, text_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_FOLLOW_SECONDS = 0.25
_SUFFIXES = {"k": 1024, "m": 1024**2, "b": 512}


async def cat(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print files, with ``-n`` numbered."""
    options = Options(arguments, "nbvteAuE")
    form = "{0}: {1}" if options.any("n", "b", "e", "E", "A") else CANT_OPEN
    inputs = Inputs(shell, streams, "cat", options.operands, form)
    number = 0
    async for _, source in inputs.each():
        while data := await (source.line() if options.any("n", "b", "e", "E", "A") else source()):
            if options.any("n", "b") and not ("b" in options and data == b"\n"):
                number += 1
                data = f"{number:6d}\t".encode() + data
            if options.any("e", "E", "A"):
                data = data.replace(b"\n", b"$\n")
            await streams.out(data)
    return int(inputs.failed)


def _classic(arguments: list[str]) -> list[str]:
    """Turn the old ``-5`` into ``-n 5``."""
    return [re.sub(r"^-(\d+)$", r"-n\1", word) for word in arguments]


async def head(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the first lines or bytes."""
    options = Options(_classic(arguments), "n:c:qv")
    inputs = Inputs(shell, streams, "head", options.operands)
    first = True
    async for name, source in inputs.each():
        if (len(options.operands) > 1 and "q" not in options) or "v" in options:
            await streams.out(f"{'' if first else chr(10)}==> {name} <==\n".encode())
        first = False
        if "c" in options:
            data = await source.some(_size(options.get("c")))
            await streams.out(data)
            continue
        count = options.number("n", default=10)
        if count < 0:
            lines = (await source.all()).splitlines(keepends=True)
            await streams.out(b"".join(lines[:count]))
            continue
        while count > 0 and (line := await source.line()):
            await streams.out(line)
            count -= 1
    return int(inputs.failed)


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([kmb]?)", text.lower())
    if match is None:
        raise UsageError(f"invalid number '{text}'")
    return int(match[1]) * _SUFFIXES.get(match[2], 1)


async def tail(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the last lines; ``-f`` waits for more."""
    options = Options(_classic(arguments), "n:c:fFqvs:")
    inputs = Inputs(shell, streams, "tail", options.operands, CANT_OPEN)
    many = len(options.operands) > 1
    async for name, source in inputs.each():
        data = await source.all()
        if many and "q" not in options:
            await streams.out(f"==> {name} <==\n".encode())
        await streams.out(_end_of(data, options))
    if inputs.failed and len(options.operands) == 1 and not options.any("F"):
        await streams.err(b"tail: no files\n")
        return 1
    if options.any("f", "F") and options.operands:
        await _follow(shell, options.operands, streams)
    return int(inputs.failed)


def _end_of(data: bytes, options: Options) -> bytes:
    if "c" in options:
        text = options.get("c")
        return data[int(text[1:]) - 1 :] if text.startswith("+") else data[-_size(text.lstrip("-")) :]
    text = options.get("n", default="10")
    if not re.fullmatch(r"[+-]?\d+", text):
        raise UsageError(f"invalid number '{text}'")
    lines = data.splitlines(keepends=True)
    count = int(text.lstrip("-"))
    if text.startswith("+"):
        return b"".join(lines[max(count - 1, 0) :])
    return b"".join(lines[-count:]) if count else b""


async def _follow(shell: Shell, names: list[str], streams: Streamset) -> None:
    sizes = dict.fromkeys(names, 0)
    for name in names:
        if shell.tree.exists(name, shell.cwd):
            sizes[name] = len(shell.tree.read(name, shell.cwd))
    while True:
        await asyncio.sleep(_FOLLOW_SECONDS)
        for name in names:
            if not shell.tree.exists(name, shell.cwd):
                continue
            size = shell.tree.entry(name, shell.cwd).size
            if size != sizes[name]:
                data = shell.tree.read(name, shell.cwd)
                await streams.out(data[sizes[name] :] if size > sizes[name] else data)
                sizes[name] = len(data)


async def wc(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Count lines, words and bytes."""
    options = Options(arguments, "lwcmL")
    inputs = Inputs(shell, streams, "wc", options.operands)
    total, count = [0, 0, 0, 0], 0
    flags = [flag for flag in "lwcL" if flag in options or (flag == "c" and "m" in options)] or ["l", "w", "c"]
    async for name, source in inputs.each():
        data = await source.all()
        longest = max((len(line) for line in data.splitlines()), default=0)
        found = [data.count(b"\n"), len(data.split()), len(data), longest]
        total = [a + b for a, b in zip(total, found, strict=True)]
        count += 1
        await streams.out(_counts(found, flags, "" if name == "-" else name, many=len(options.operands) > 1))
    if count > 1:
        await streams.out(_counts(total, flags, "total", many=True))
    return int(inputs.failed)


def _counts(found: list[int], flags: list[str], name: str, *, many: bool) -> bytes:
    picked = [found["lwcL".index(flag)] for flag in flags]
    text = str(picked[0]) if len(picked) == 1 and not many else " ".join(f"{value:9d}" for value in picked)
    return f"{text}{' ' + name if name else ''}\n".encode()


async def sort(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Sort lines."""
    options = Options(arguments, "nrufhbdigsMVk:t:o:zc")
    inputs = Inputs(shell, streams, "sort", options.operands)
    lines = [text_of(line).removesuffix("\n") async for line in inputs.lines()]
    keys = options.all("k")
    separator = options.get("t") or None
    flags = {flag for flag in "nrfhbdV" if flag in options}

    def compare(left: str, right: str) -> int:
        for key in keys or [""]:
            spec, own = _key_of(key), set(re.sub(r"[\d.,]", "", key)) or flags
            first, second = _sort_value(left, spec, separator, own), _sort_value(right, spec, separator, own)
            if first != second:
                return (-1 if first < second else 1) * (-1 if "r" in own else 1)
        if "s" in options or "u" in options:
            return 0
        return ((left > right) - (left < right)) * (-1 if "r" in flags else 1)

    made = sorted(lines, key=cmp_to_key(compare))
    if "c" in options:
        return int(made != lines)
    if "u" in options:
        kept: list[str] = []
        for line in made:
            if not kept or compare(kept[-1], line):
                kept.append(line)
        made = kept
    data = bytes_of("".join(f"{line}\n" for line in made))
    if "o" in options:
        shell.tree.writable(options.get("o"), shell.cwd).write_bytes(data)
    else:
        await streams.out(data)
    return int(inputs.failed)


def _key_of(key: str) -> tuple[int, int]:
    first, _, last = re.sub(r"[a-zA-Z]", "", key).partition(",")
    return int(first.partition(".")[0] or 1), int(last.partition(".")[0] or 0)


def _sort_value(line: str, key: tuple[int, int], separator: str | None, flags: set[str]) -> tuple[float, str]:
    first, last = key
    fields = line.split(separator) if separator else re.findall(r"\s*\S+", line)
    joined = (separator or "").join(fields[first - 1 : last or None]) if key != (1, 0) else line
    text = joined.lstrip() if "b" in flags or not separator else joined
    if flags & set("nhg"):
        match = re.match(r"\s*(-?\d*\.?\d+)([KMGT]?)", text)
        scale = 1024 ** " KMGT".index(match[2] or " ") if match and "h" in flags else 1
        return (float(match[1]) * scale if match else 0.0), ""
    if "V" in flags:
        return 0.0, re.sub(r"\d+", lambda match: match[0].zfill(12), text)
    return 0.0, text.lower() if "f" in flags else text


async def uniq(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Join repeated lines that follow one another."""
    options = Options(arguments, "cduif:s:w:")
    inputs = Inputs(shell, streams, "uniq", options.operands[:1])

    def key(line: str) -> str:
        for _ in range(options.number("f", default=0)):
            line = re.sub(r"^\s*\S+", "", line)
        line = line[options.number("s", default=0) :]
        return line.lower() if "i" in options else line

    async def show(line: str, count: int) -> None:
        if ("d" in options and count == 1) or ("u" in options and count > 1):
            return
        await streams.out(bytes_of((f"{count:7d} " if "c" in options else "") + line + "\n"))

    last, count = "", 0
    async for raw in inputs.lines():
        line = text_of(raw).removesuffix("\n")
        if count and key(line) == key(last):
            count += 1
            continue
        if count:
            await show(last, count)
        last, count = line, 1
    if count:
        await show(last, count)
    return int(inputs.failed)


async def cut(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print parts of lines: fields, characters or bytes."""
    options = Options(arguments, "b:c:f:d:sn", ["output-delimiter="])
    kinds = [kind for kind in "bcf" if kind in options]
    if len(kinds) != 1:
        raise UsageError("expected a list of bytes, characters, or fields")
    wanted = _ranges(options.get(kinds[0]))
    delimiter = options.get("d", default="\t")
    inputs = Inputs(shell, streams, "cut", options.operands)
    async for raw in inputs.lines():
        line = text_of(raw).removesuffix("\n")
        if kinds == ["f"]:
            parts = line.split(delimiter)
            if len(parts) == 1:
                if "s" not in options:
                    await streams.out(bytes_of(f"{line}\n"))
                continue
            joined = options.get("output-delimiter", default=delimiter).join(_picked(parts, wanted))
        else:
            joined = "".join(_picked(list(line), wanted))
        await streams.out(bytes_of(f"{joined}\n"))
    return int(inputs.failed)


def _ranges(text: str) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if match is None or not (match[1] or match[3]):
            raise UsageError(f"invalid range {part}-")
        first = int(match[1] or 1)
        made.append((first, int(match[3]) if match[3] else (1 << 30 if match[2] else first)))
    return made


def _picked(parts: list[str], wanted: list[tuple[int, int]]) -> list[str]:
    return [part for index, part in enumerate(parts, 1) if any(first <= index <= last for first, last in wanted)]


_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "upper": "A-Z", "lower": "a-z", "space": " \t\n\r\f\v",
    "blank": " \t", "punct": "!-/:-@[-`{-~", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def _set_of(text: str) -> str:
    text = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], ""), text)
    text = re.sub(r"\\([nrtabfv\\])", lambda m: {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f",
                                                "v": "\v", "\\": "\\"}[m[1]], text)  # fmt: skip
    text = re.sub(r"\\([0-7]{1,3})", lambda match: chr(int(match[1], 8)), text)
    return re.sub(
        r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))) or m[0], text, flags=re.DOTALL
    )


async def tr(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Replace, squeeze or delete characters."""
    options = Options(arguments, "cCds", mixed=False)
    if not options.operands:
        raise UsageError("usage: tr [-cds] STRING1 [STRING2]")
    first, second = _set_of(options.operands[0]), _set_of(options.operands[1]) if options.operands[1:] else ""
    inverted = options.any("c", "C")
    squeezed = second or first

    def inside(char: str) -> bool:
        return (char in first) != inverted

    pairs = dict(zip(first, second.ljust(len(first), second[-1:] or "\0"), strict=False)) if second else {}
    last = ""
    while data := await streams.read():
        made = []
        for char in text_of(data):
            if "d" in options and inside(char):
                continue
            new = char
            if second and "d" not in options and inside(char):
                new = second[-1] if inverted else pairs.get(char, char)
            if "s" in options and new == last and (new in squeezed) != (inverted and not second):
                continue
            made.append(new)
            last = new
        await streams.out(bytes_of("".join(made)))
    return 0


async def tee(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Copy the input to the output and to files."""
    options = Options(arguments, "ai")
    code, files = 0, []
    for name in [name for name in options.operands if name != "/dev/null"]:
        try:
            path = shell.tree.writable(name, shell.cwd)
            path.open("ab" if "a" in options else "wb").close()
            files.append(path)
        except OSError as error:
            await streams.err(f"tee: {name}: {error.strerror}\n".encode())
            code = 1
    while data := await streams.read():
        await streams.out(data)
        for path in files:
            with path.open("ab") as stream:
                stream.write(data)
    return code


async def reverse(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``rev`` (each line) or ``tac`` (the order of lines)."""
    inputs = Inputs(shell, streams, arguments[0], arguments[1:])
    lines = [text_of(line).removesuffix("\n") async for line in inputs.lines()]
    made = [line[::-1] for line in lines] if arguments[0] == "rev" else lines[::-1]
    await streams.out(bytes_of("".join(f"{line}\n" for line in made)))
    return int(inputs.failed)


async def nl(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print lines with their numbers."""
    options = Options(arguments, "b:n:w:s:v:")
    inputs = Inputs(shell, streams, "nl", options.operands)
    number = 0
    async for line in inputs.lines():
        blank = line == b"\n" and options.get("b") != "a"
        number += not blank
        await streams.out((" " * 7 if blank else f"{number:6d}\t").encode() + line)
    return int(inputs.failed)


async def paste(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Join lines of files side by side, or with ``-s`` one file's lines."""
    options = Options(arguments, "d:s")
    columns = []
    inputs = Inputs(shell, streams, "paste", options.operands)
    async for _, source in inputs.each():
        columns.append(text_of(await source.all()).splitlines())
    delimiter = options.get("d", default="\t")
    if "s" in options:
        rows = [delimiter.join(column) for column in columns]
    else:
        height = max((len(column) for column in columns), default=0)
        rows = [delimiter.join(c[row] if row < len(c) else "" for c in columns) for row in range(height)]
    await streams.out(bytes_of("".join(f"{row}\n" for row in rows)))
    return int(inputs.failed)


TABLE: Mapping[str, Applet] = {
    "cat": cat, "head": head, "tail": tail, "wc": wc, "sort": sort, "uniq": uniq, "cut": cut, "tr": tr, "tee": tee,
    "rev": reverse, "tac": reverse, "nl": nl, "paste": paste,
}  # fmt: skip
