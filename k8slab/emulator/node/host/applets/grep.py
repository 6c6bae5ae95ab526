"""grep, egrep and fgrep."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from k8slab.emulator.node.host.applets.arguments import Inputs, Options, UsageError, bytes_of, text_of
from k8slab.emulator.node.host.applets.regex import compiled
from k8slab.emulator.node.host.context import Input, Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_SHORT = "HhnlLoqvsriIRwFEGPxzcae:f:m:A:B:C:"
_LONG = ("color=", "colour=", "include=", "exclude=", "line-buffered", "ignore-case", "count", "invert-match", "quiet",
         "recursive", "extended-regexp", "fixed-strings", "only-matching", "line-number", "no-messages")  # fmt: skip
_LONG_LETTERS = {"ignore-case": "i", "count": "c", "invert-match": "v", "quiet": "q", "recursive": "r",
                 "extended-regexp": "E", "fixed-strings": "F", "only-matching": "o", "line-number": "n",
                 "no-messages": "s"}  # fmt: skip


@dataclass(slots=True)
class _Grep:
    shell: Shell
    streams: Streamset
    options: Options
    patterns: list[re.Pattern[str]]
    named: bool
    found: bool = False
    _after: int = 0
    _before: list[tuple[int, str]] = field(default_factory=list)
    _shown: int = 0

    def has(self, letter: str) -> bool:
        return self.options.any(letter, *(name for name, short in _LONG_LETTERS.items() if short == letter))

    def selected(self, line: str) -> bool:
        test = re.Pattern.fullmatch if self.has("x") else re.Pattern.search
        return any(test(pattern, line) for pattern in self.patterns) != self.has("v")

    async def file(self, name: str, source: Input) -> None:
        count, number, self._after, self._before, self._shown = 0, 0, 0, [], 0
        limit = self.options.number("m", default=1 << 60)
        while count < limit and (raw := await source.line()):
            number += 1
            line = text_of(raw).removesuffix("\n")
            if not self.selected(line):
                await self._context(name, number, line)
                continue
            count += 1
            self.found = True
            if self.has("q") or self.has("l") or self.has("L"):
                break
            if not self.has("c"):
                await self._show(name, number, line)
        if self.has("q"):
            return
        shown = "(standard input)" if name == "-" else name
        if self.has("c"):
            await self.streams.out(bytes_of(f"{shown + ':' if self.named else ''}{count}\n"))
        elif (self.has("l") and count) or (self.has("L") and not count):
            await self.streams.out(bytes_of(f"{shown}\n"))

    def _around(self, letter: str) -> int:
        return self.options.number(letter, "C", default=0)

    async def _context(self, name: str, number: int, line: str) -> None:
        if self._after > 0:
            self._after -= 1
            await self._line(name, number, line, "-")
        elif self._around("B"):
            self._before = [*self._before, (number, line)][-self._around("B") :]

    async def _show(self, name: str, number: int, line: str) -> None:
        gap = self._shown and (self._before[0][0] if self._before else number) > self._shown + 1
        if gap and (self._around("A") or self._around("B")):
            await self.streams.out(b"--\n")
        for place, before in self._before:
            await self._line(name, place, before, "-")
        self._before = []
        self._after = self._around("A")
        if self.has("o"):
            for pattern in self.patterns:
                for match in pattern.finditer(line):
                    if match[0]:
                        await self._line(name, number, match[0], ":")
        else:
            await self._line(name, number, line, ":")

    async def _line(self, name: str, number: int, line: str, mark: str) -> None:
        self._shown = number
        head = (f"{'(standard input)' if name == '-' else name}{mark}" if self.named else "") + (
            f"{number}{mark}" if self.has("n") else ""
        )
        await self.streams.out(bytes_of(f"{head}{line}\n"))


def _patterns(shell: Shell, options: Options, operands: list[str], command: str) -> list[re.Pattern[str]]:
    texts = [text for value in options.all("e") for text in value.split("\n")]
    for name in options.all("f"):
        texts += text_of(shell.tree.read(name, shell.cwd)).splitlines()
    if not texts:
        if not operands:
            raise UsageError("no pattern")
        texts = operands.pop(0).split("\n")

    def has(letter: str) -> bool:
        return options.any(letter, *(name for name, short in _LONG_LETTERS.items() if short == letter))

    fixed, extended = has("F") or command == "fgrep", has("E") or has("P") or command == "egrep"
    made = []
    for text in texts:
        pattern = compiled(text, extended=extended, ignore_case=has("i"), fixed=fixed)
        made.append(re.compile(rf"(?<!\w)(?:{pattern.pattern})(?!\w)", pattern.flags) if has("w") else pattern)
    return made


def files_below(shell: Shell, name: str) -> list[str]:
    """Return the files in a folder and its folders."""
    if not shell.tree.is_folder(name, shell.cwd):
        return [name]
    found: list[str] = []
    for entry in shell.tree.names(name, shell.cwd):
        path = posixpath.join(name, entry)
        if not shell.tree.link_target(path, shell.cwd) or not shell.tree.is_folder(path, shell.cwd):
            found += files_below(shell, path)
    return found


async def grep(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the lines that match; 0 some did, 1 none did, 2 an error."""
    try:
        options = Options(arguments, _SHORT, _LONG)
        operands = list(options.operands)
        patterns = _patterns(shell, options, operands, arguments[0])
    except (UsageError, OSError) as error:
        text = str(error) if isinstance(error, UsageError) else f"{error.filename}: {error.strerror}"
        await streams.err(f"grep: {text}\n".encode())
        return 2
    recursive = options.any("r", "R", "recursive")
    if recursive:
        operands = [path for name in (operands or ["."]) for path in files_below(shell, name)]
    if recursive and not operands:
        return 1
    named = ("H" in options or len(operands) > 1 or recursive) and "h" not in options
    run = _Grep(shell, streams, options, patterns, named)
    quiet = Streamset(streams.read, streams.out, _nowhere) if run.has("s") else streams
    inputs = Inputs(shell, quiet, "grep", operands)
    async for name, source in inputs.each():
        await run.file(name, source)
        if run.found and run.has("q"):
            return 0
    return 2 if inputs.failed and not (run.found and run.has("q")) else int(not run.found)


async def _nowhere(_data: bytes) -> None:
    """Drop a message."""


TABLE: Mapping[str, Applet] = {"grep": grep, "egrep": grep, "fgrep": grep}
