"""Runs sed's commands over lines: pattern space, hold space, cycles (POSIX, sed)."""

from __future__ import annotations

import re
from collections.abc import Callable

from k8slab.emulator.node.host.applets.arguments import UsageError
from k8slab.emulator.node.host.applets.sed_script import SedAddress, SedCommand

_MOST_STEPS = 1_000_000


class SedRun:
    """Runs commands over the lines of files."""

    def __init__(self, commands: list[SedCommand], lines: list[str], *, quiet: bool) -> None:
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

    def _matches(self, address: SedAddress) -> bool:
        number = self._index + 1
        if address.pattern is not None:
            return address.pattern.search(self._space) is not None
        if address.number == -1:
            return number == len(self._lines)
        if address.step:
            return number >= address.number and (number - address.number) % address.step == 0
        return number == address.number

    def _selected(self, command: SedCommand) -> bool:
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

    def _do(self, command: SedCommand) -> str:
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

    def _flow(self, command: SedCommand) -> str:  # noqa: PLR0911 - one return for each command
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

    def _substitute(self, command: SedCommand) -> None:
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
