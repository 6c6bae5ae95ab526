r"""POSIX regular expressions as Python's: basic ones (``\(``, ``\{``, ``\+``) and extended ones."""

from __future__ import annotations

import re

from k8slab.emulator.node.host.applets.arguments import UsageError
from k8slab.emulator.node.host.shell.patterns import expand_classes

_SWAPPED = "(){}+?|"


def compiled(pattern: str, *, extended: bool, ignore_case: bool = False, fixed: bool = False) -> re.Pattern[str]:
    """Return the compiled expression; raises ``UsageError``."""
    text = re.escape(pattern) if fixed else translated(pattern, extended=extended)
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise UsageError(f"bad regex '{pattern}': Invalid regexp") from error


def translated(pattern: str, *, extended: bool) -> str:
    """Return the expression in Python's syntax."""
    made, place = "", 0
    while place < len(pattern):
        char = pattern[place]
        if char == "[":
            end = _bracket_end(pattern, place)
            made += _bracket(pattern[place + 1 : end])
            place = end + 1
        elif char == "\\" and place + 1 < len(pattern):
            made += _escape(pattern[place + 1], extended=extended)
            place += 2
        else:
            made += _plain(char, pattern, place, extended=extended)
            place += 1
    return made


def _plain(char: str, pattern: str, place: int, *, extended: bool) -> str:
    if char in _SWAPPED:
        if not extended:
            return f"\\{char}"
        return "\\{" if char == "{" and not re.match(r"\{\d*,?\d*\}", pattern[place:]) else char
    if char == "*" and (place == 0 or (not extended and pattern[:place].endswith(("\\(", "\\|", "^")))):
        return "\\*"
    if char == "^" and place and not extended and not pattern[:place].endswith(("\\(", "\\|")):
        return "\\^"
    if char == "$":
        at_end = place == len(pattern) - 1 or extended or pattern[place + 1 :].startswith(("\\)", "\\|"))
        return r"(?=\n?\Z)" if at_end else "\\$"
    return char


def _escape(char: str, *, extended: bool) -> str:
    if char in _SWAPPED:
        return f"\\{char}" if extended else char
    known = {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "n": "\n", "t": "\t", "r": "\r", "`": r"\A", "'": r"\Z"}
    if char in known:
        return known[char]
    return f"\\{char}" if char in "wWsSbBdD" or not char.isalnum() or char.isdigit() else char


def _bracket_end(pattern: str, place: int) -> int:
    match = re.compile(r"\[\^?\]?(?:\[[:.=].*?[:.=]\]|[^\]])*\]").match(pattern, place)
    if match is None:
        raise UsageError(f"bad regex '{pattern}': Unmatched [, [^, [:, [., or [=")
    return match.end() - 1


def _bracket(inside: str) -> str:
    invert = inside.startswith("^")
    inside = inside.removeprefix("^").replace("\\", "\\\\")
    inside = f"\\{inside}" if inside.startswith("]") else inside
    made = expand_classes(inside).replace("[", "\\[")
    return f"[{'^' if invert else ''}{made}]"
