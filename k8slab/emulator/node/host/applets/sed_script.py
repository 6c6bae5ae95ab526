"""sed's scripts: text to commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from k8slab.emulator.node.host.applets.arguments import UsageError
from k8slab.emulator.node.host.applets.regex import compiled


@dataclass(slots=True)
class SedAddress:
    """A line number, ``$`` (-1), a pattern, or ``first~step``."""

    number: int = 0
    pattern: re.Pattern[str] | None = None
    step: int = 0
    relative: bool = False


@dataclass(slots=True)
class SedCommand:
    """One command; ``jump`` is where a branch or the end of a block leads, ``active`` whether a range is open."""

    name: str
    addresses: list[SedAddress] = field(default_factory=list)
    inverted: bool = False
    text: str = ""
    pattern: re.Pattern[str] | None = None
    flags: str = ""
    occurrence: int = 1
    jump: int = -1
    active: bool = False
    ends_at: int = 0


class SedReader:
    """Reads a script into commands."""

    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._place = 0
        self._extended = extended
        self.commands: list[SedCommand] = []
        self._last: re.Pattern[str] | None = None

    def read(self) -> list[SedCommand]:
        """Return the commands; raises ``UsageError``."""
        blocks: list[int] = []
        while self._skip():
            command = SedCommand("")
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

    def _addresses(self) -> list[SedAddress]:
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

    def _address(self) -> SedAddress | None:
        match = re.compile(r"(\+?)(\d+)(?:~(\d+))?").match(self._text, self._place)
        if match:
            self._place = match.end()
            return SedAddress(int(match[2]), None, int(match[3] or 0), relative=bool(match[1]))
        if self._peek() == "$":
            self._place += 1
            return SedAddress(-1)
        if self._peek() in ("/", "\\"):
            self._place += self._peek() == "\\"
            pattern = self._delimited(self._take())
            return SedAddress(0, self._compiled(pattern, ""))
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

    def _body(self, command: SedCommand) -> None:
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

    def _replacement(self, command: SedCommand) -> None:
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

    def _lines(self, command: SedCommand) -> None:
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
