"""sed: addresses, ``s``, ``d``, ``p``, ``a``, ``i``, ``c``, ``y``, ``q``, ``n``, ``N``, hold space, branches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from k8slab.emulator.node.host.applets.arguments import Options, UsageError, bytes_of, text_of
from k8slab.emulator.node.host.applets.regex import compiled
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_MOST_STEPS = 1_000_000


@dataclass(slots=True)
class _Address:
    """A line number, ``$`` (-1), a pattern, or ``first~step``."""

    number: int = 0
    pattern: re.Pattern[str] | None = None
    step: int = 0
    relative: bool = False


@dataclass(slots=True)
class _Command:
    name: str
    addresses: list[_Address] = field(default_factory=list)
    inverted: bool = False
    text: str = ""
    pattern: re.Pattern[str] | None = None
    flags: str = ""
    occurrence: int = 1
    jump: int = -1
    active: bool = False
    ends_at: int = 0


class _Reader:
    """Reads a script into commands."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._place = 0
        self._extended = extended
        self.commands: list[_Command] = []
        self._last: re.Pattern[str] | None = None

    def read(self) -> list[_Command]:
        blocks: list[int] = []
        while self._skip():
            command = _Command("")
            command.addresses = self._addresses()
            self._blanks()
            while self._peek() == "!":
                command.inverted = True
                self._place += 1
                self._blanks()
            command.name = self._take()
            if command.name == "}":
                if not blocks:
                    raise UsageError("unexpected '}'")
                self.commands[blocks.pop()].jump = len(self.commands)
                continue
            self._body(command)
            if command.name == "{":
                blocks.append(len(self.commands))
            self.commands.append(command)
        if blocks:
            raise UsageError("unmatched '{'")
        self._link()
        return self.commands

    def _link(self) -> None:
        labels = {command.text: index for index, command in enumerate(self.commands) if command.name == ":"}
        for command in self.commands:
            if command.name in "btT" and command.name:
                if command.text and command.text not in labels:
                    raise UsageError(f"can't find label for jump to '{command.text}'")
                command.jump = labels.get(command.text, len(self.commands))

    def _skip(self) -> bool:
        while self._place < len(self._text):
            char = self._text[self._place]
            if char == "#":
                end = self._text.find("\n", self._place)
                self._place = len(self._text) if end < 0 else end
            elif char in " \t\n;":
                self._place += 1
            else:
                return True
        return False

    def _blanks(self) -> None:
        while self._peek() in (" ", "\t"):
            self._place += 1

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise UsageError("missing command")
        self._place += 1
        return char

    def _addresses(self) -> list[_Address]:
        first = self._address()
        if first is None:
            return []
        self._blanks()
        if self._peek() != ",":
            return [first]
        self._place += 1
        self._blanks()
        second = self._address()
        if second is None:
            raise UsageError("no address after comma")
        return [first, second]

    def _address(self) -> _Address | None:
        match = re.compile(r"(\+?)(\d+)(?:~(\d+))?").match(self._text, self._place)
        if match:
            self._place = match.end()
            return _Address(int(match[2]), None, int(match[3] or 0), relative=bool(match[1]))
        if self._peek() == "$":
            self._place += 1
            return _Address(-1)
        if self._peek() in ("/", "\\"):
            self._place += self._peek() == "\\"
            pattern = self._delimited(self._take())
            return _Address(0, self._compiled(pattern, ""))
        return None

    def _delimited(self, delimiter: str) -> str:
        made = ""
        while True:
            char = self._peek()
            if not char:
                raise UsageError("unterminated address regex" if delimiter == "/" else "unmatched '" + delimiter + "'")
            self._place += 1
            if char == delimiter:
                return made
            if char == "[":
                match = re.compile(r"\^?\]?(?:\[[:.=].*?[:.=]\]|[^\]])*\]").match(self._text, self._place)
                if match:
                    made += char + match[0]
                    self._place = match.end()
                    continue
            if char == "\\" and self._peek():
                follows = self._take()
                char = follows if follows == delimiter else "\n" if follows == "n" else f"\\{follows}"
            made += char

    def _compiled(self, pattern: str, flags: str) -> re.Pattern[str]:
        if not pattern:
            if self._last is None:
                raise UsageError("no previous regexp")
            return self._last
        self._last = compiled(pattern, extended=self._extended, ignore_case="i" in flags.lower())
        return self._last

    def _body(self, command: _Command) -> None:
        name = command.name
        if name in "sy":
            self._replacement(command)
        elif name in "aic":
            self._lines(command)
        elif name in ":btTrw":
            self._blanks()
            match = re.compile(r"[^\n;}]*" if name in ":btT" else r"[^\n]*").match(self._text, self._place)
            command.text = (match[0] if match else "").strip()
            self._place = match.end() if match else self._place
        elif name in "qQ":
            match = re.compile(r"\s*(\d*)").match(self._text, self._place)
            command.text = match[1] if match else ""
            self._place = match.end() if match else self._place
        elif name not in "{dDpPnNhHgGx=lF":
            raise UsageError(f"unsupported command {name}")

    def _replacement(self, command: _Command) -> None:
        delimiter = self._take()
        pattern = self._delimited(delimiter)
        made = ""
        while (char := self._peek()) != delimiter:
            if not char:
                raise UsageError(f"unmatched '{delimiter}'")
            self._place += 1
            if char == "\\" and self._peek():
                follows = self._take()
                char = follows if follows == delimiter and follows not in "&\\" else f"\\{follows}"
            made += char
        self._place += 1
        match = re.compile(r"[gpiIe\dmMw]*").match(self._text, self._place)
        command.flags = match[0] if match else ""
        self._place = match.end() if match else self._place
        number = re.search(r"\d+", command.flags)
        command.occurrence = int(number[0]) if number else 1
        command.text = made
        if command.name == "s":
            command.pattern = self._compiled(pattern, command.flags)
        else:
            command.flags = re.sub(r"\\n", "\n", pattern)

    def _lines(self, command: _Command) -> None:
        self._blanks()
        if self._text.startswith("\\", self._place):
            self._place += 1
            self._blanks()
            self._place += self._peek() == "\n"
        made = ""
        while (char := self._peek()) and char != "\n":
            self._place += 1
            if char == "\\" and self._peek():
                char = self._take()
            made += char
        command.text = f"{made}\n"


class _Run:
    """Runs commands over the lines of files."""

    def __init__(self, commands: list[_Command], lines: list[str], *, quiet: bool) -> None:
        self._commands = commands
        self._lines = lines
        self._quiet = quiet
        self._index = -1
        self._space = ""
        self._hold = ""
        self._made: list[str] = []
        self._after: list[str] = []
        self._replaced = False
        self.code = 0

    def result(self) -> str:
        """Return the output."""
        while self._next():
            if not self._cycle():
                break
        return "".join(self._made)

    def _next(self) -> bool:
        if self._index + 1 >= len(self._lines):
            return False
        self._index += 1
        self._space = self._lines[self._index]
        return True

    def _emit(self, text: str) -> None:
        self._made.append(f"{text}\n")

    def _cycle(self) -> bool:
        place, steps = 0, 0
        self._replaced = False
        while place < len(self._commands):
            steps += 1
            if steps > _MOST_STEPS:
                raise UsageError("the script never ends")
            command = self._commands[place]
            place += 1
            if self._selected(command) == command.inverted:
                place = command.jump if command.name == "{" else place
                continue
            outcome = self._do(command)
            if outcome == "delete":
                return self._flush(show=False)
            if outcome == "quit":
                self._flush(show=command.name == "q" and not self._quiet)
                return False
            if outcome == "end":
                # There is no next line: the script ends as if it had been run through.
                break
            if outcome == "jump":
                place = command.jump
            if outcome == "restart":
                place = 0
        return self._flush(show=not self._quiet)

    def _flush(self, *, show: bool) -> bool:
        if show:
            self._emit(self._space)
        self._made += self._after
        self._after = []
        return True

    def _matches(self, address: _Address) -> bool:
        number = self._index + 1
        if address.pattern is not None:
            return address.pattern.search(self._space) is not None
        if address.number == -1:
            return number == len(self._lines)
        if address.step:
            return number >= address.number and (number - address.number) % address.step == 0
        return number == address.number

    def _selected(self, command: _Command) -> bool:
        if len(command.addresses) < 2:  # noqa: PLR2004 - a range has two
            return all(self._matches(address) for address in command.addresses)
        first, last = command.addresses
        number = self._index + 1
        if not command.active:
            if not (self._matches(first) or (first.number == 0 and first.pattern is None and number == 1)):
                return False
            command.ends_at = number + last.number if last.relative else last.number
            command.active = last.pattern is not None or last.number == -1 or command.ends_at > number
            if last.number == -1 and number == len(self._lines):
                command.active = False
            return True
        ended = self._matches(last) if last.pattern is not None or last.number == -1 else number >= command.ends_at
        command.active = not ended
        return True

    def _do(self, command: _Command) -> str:
        simple: dict[str, Callable[[], None]] = {
            "p": lambda: self._emit(self._space), "P": lambda: self._emit(self._space.partition("\n")[0]),
            "h": lambda: self._set_hold(self._space), "H": lambda: self._set_hold(f"{self._hold}\n{self._space}"),
            "g": lambda: self._set_space(self._hold), "G": lambda: self._set_space(f"{self._space}\n{self._hold}"),
            "=": lambda: self._emit(str(self._index + 1)), "a": lambda: self._after.append(command.text),
            "i": lambda: self._made.append(command.text), "s": lambda: self._substitute(command),
            "l": lambda: self._emit(self._space.replace("\\", "\\\\").replace("\t", "\\t") + "$"),
            "y": lambda: self._set_space(self._space.translate(str.maketrans(command.flags, command.text))),
            "x": self._exchange,
        }  # fmt: skip
        name = command.name
        if name in simple:
            simple[name]()
            return ""
        if name == "c":
            if not command.active or len(command.addresses) < 2 or command.inverted:  # noqa: PLR2004
                self._made.append(command.text)
            return "delete"
        if name in "qQ":
            self.code = int(command.text or 0)
            return "quit"
        return self._flow(command)

    def _flow(self, command: _Command) -> str:  # noqa: PLR0911 - one return for each command
        name = command.name
        if name == "b" or (name == "t" and self._replaced) or (name == "T" and not self._replaced):
            self._replaced = False if name == "t" else self._replaced
            return "jump"
        if name == "n":
            if self._index + 1 >= len(self._lines):
                return "end"
            if not self._quiet:
                self._emit(self._space)
            self._next()
        elif name == "N":
            before = self._space
            if not self._next():
                return ""
            self._space = f"{before}\n{self._space}"
        elif name == "d":
            return "delete"
        elif name == "D":
            if "\n" not in self._space:
                return "delete"
            self._space = self._space.partition("\n")[2]
            return "restart"
        return ""

    def _set_space(self, text: str) -> None:
        self._space = text

    def _set_hold(self, text: str) -> None:
        self._hold = text

    def _exchange(self) -> None:
        self._space, self._hold = self._hold, self._space

    def _substitute(self, command: _Command) -> None:
        if command.pattern is None:
            return
        count = 0

        def fill(match: re.Match[str]) -> str:
            nonlocal count
            count += 1
            if count < command.occurrence or (count > command.occurrence and "g" not in command.flags):
                return match[0]
            self._replaced = True
            return _filled(command.text, match)

        before = self._replaced
        self._replaced = False
        self._space = command.pattern.sub(fill, self._space)
        done, self._replaced = self._replaced, self._replaced or before
        if done and "p" in command.flags:
            self._emit(self._space)


def _filled(template: str, match: re.Match[str]) -> str:
    def one(part: re.Match[str]) -> str:
        text = part[0]
        if text == "&":
            return match[0]
        if text[1].isdigit():
            return match[int(text[1])] or "" if int(text[1]) <= (match.re.groups) else ""
        return {"n": "\n", "t": "\t"}.get(text[1], text[1])

    return re.sub(r"\\(.)|&", one, template, flags=re.DOTALL)


async def sed(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Edit streams, or files with ``-i``."""
    found = [f"-i{word[2:]}" if word.startswith("-i") else word for word in arguments]
    in_place = any(word.startswith("-i") for word in arguments[1:])
    found = [word for word in found if not word.startswith("-i")]
    options = Options(found, "nrEe:f:s", ["in-place", "quiet", "expression=", "regexp-extended"])
    operands = list(options.operands)
    scripts = options.all("e", "expression") + [text_of(shell.tree.read(name, shell.cwd)) for name in options.all("f")]
    if not scripts:
        if not operands:
            raise UsageError("usage: sed [-i] [-nrE] CMD [FILE]...")
        scripts = [operands.pop(0)]
    extended, quiet = options.any("r", "E", "regexp-extended"), options.any("n", "quiet")
    text = "\n".join(scripts)
    if in_place or "in-place" in options:
        return await _in_place(shell, text, operands, streams, extended=extended, quiet=quiet)
    commands = _Reader(text, extended=extended).read()
    code, lines = 0, []
    for name in operands or ["-"]:
        try:
            data = await streams.read.all() if name == "-" else shell.tree.read(name, shell.cwd)
            lines += text_of(data).split("\n")[: None if data and not data.endswith(b"\n") else -1]
        except OSError as error:
            await streams.err(f"sed: {name}: {error.strerror}\n".encode())
            code = 1
    run = _Run(commands, lines, quiet=quiet)
    await streams.out(bytes_of(run.result()))
    return run.code or code


async def _in_place(
    shell: Shell, text: str, names: list[str], streams: Streamset, *, extended: bool, quiet: bool
) -> int:
    code = 0
    for name in names:
        try:
            lines = text_of(shell.tree.read(name, shell.cwd)).splitlines()
            run = _Run(_Reader(text, extended=extended).read(), lines, quiet=quiet)
            shell.tree.writable(name, shell.cwd).write_bytes(bytes_of(run.result()))
        except OSError as error:
            await streams.err(f"sed: {name}: {error.strerror}\n".encode())
            code = 1
    return code


TABLE: Mapping[str, Applet] = {"sed": sed}
