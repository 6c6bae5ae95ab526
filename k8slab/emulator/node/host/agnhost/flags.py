"""Options as Go's pflag reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from k8slab.emulator.node.host.shell.state import UsageError

Defaults = Mapping[str, str | int | bool]
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Flags:
    """``--name value``, ``--name=value``; ``defaults`` names all that are known, a bool takes no value."""

    def __init__(
        self, words: Sequence[str], defaults: Mapping[str, str | int | bool], short: Mapping[str, str]
    ) -> None:
        self._values: dict[str, str] = {}
        self._defaults = defaults
        self.operands: list[str] = []
        rest = iter(words)
        for word in rest:
            if word == "--":
                self.operands += rest
            elif word.startswith("-") and len(word) > 1:
                self._one(word, rest, short)
            else:
                self.operands.append(word)

    def _one(self, word: str, rest: object, short: Mapping[str, str]) -> None:
        name, found, value = word.lstrip("-").partition("=")
        name = short.get(name, name)
        if name not in self._defaults:
            raise UsageError(f"unknown flag: --{name}")
        if isinstance(self._defaults[name], bool):
            self._values[name] = value if found else "true"
            return
        text = value if found else next(rest, None)  # type: ignore[call-overload]
        if text is None:
            raise UsageError(f"flag needs an argument: --{name}")
        self._values[name] = text

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._values.get(name, self._defaults[name]))

    def number(self, name: str) -> int:
        """Return a number; raises ``UsageError``."""
        text = self.text(name)
        if not re.fullmatch(r"-?\d+", text):
            raise UsageError(
                f'invalid argument "{text}" for "--{name}" flag: strconv.ParseInt: parsing "{text}": invalid syntax'
            )
        return int(text)

    def on(self, name: str) -> bool:
        """Tell whether a switch is on."""
        return self.text(name).lower() in ("true", "1", "t")

    def seconds(self, name: str) -> float:
        """Return a duration; raises ``UsageError``."""
        found = duration(self.text(name))
        if found is None:
            raise UsageError(f'invalid argument "{self.text(name)}" for "--{name}" flag: time: invalid duration')
        return found


def duration(text: str) -> float | None:
    """Return the seconds of a Go duration (``1m30s``); None when it is none."""
    if text == "0":
        return 0.0
    if not re.fullmatch(r"(\d*\.?\d+(ns|us|ms|s|m|h))+", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d*\.?\d+)(ns|us|ms|s|m|h)", text))
