"""Shell patterns (POSIX, 2.13): ``*``, ``?``, ``[...]``; a text marks its quoted characters, which match themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "cntrl": r"\x00-\x1f\x7f", "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e", "word": r"\w",
}  # fmt: skip


def expand_classes(expression: str) -> str:
    """Replace ``[:name:]`` in a bracket expression by what ``re`` knows."""
    return re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], ""), expression)


def escaped(text: str) -> str:
    """Return a pattern that matches exactly the text."""
    return re.sub(r"([\\*?\[\]])", r"\\\1", text)


def has_magic(pattern: str) -> bool:
    """Tell whether a pattern matches more than one text."""
    return re.search(r"(?<!\\)(?:\\\\)*[*?\[]", pattern) is not None


def unescaped(pattern: str) -> str:
    """Return the text behind a pattern without magic."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


def regex_of(pattern: str, *, any_text: str = ".") -> str:
    """Return the regular expression of a pattern; ``any_text`` is what ``*`` and ``?`` stand for."""
    made, place = "", 0
    while place < len(pattern):
        char = pattern[place]
        place += 1
        if char == "*":
            made += f"{any_text}*"
        elif char == "?":
            made += any_text
        elif char == "[" and (bracket := _bracket(pattern, place)) is not None:
            expression, place = bracket
            made += expression
        elif char == "\\" and place < len(pattern):
            made += re.escape(pattern[place])
            place += 1
        else:
            made += re.escape(char)
    return made


def _bracket(pattern: str, place: int) -> tuple[str, int] | None:
    match = re.compile(r"([!^]?)(\]?(?:\[:\w+:\]|[^\]])*)\]").match(pattern, place)
    if match is None or not match[2]:
        return None
    inside = expand_classes(match[2])
    inside = f"\\{inside}" if inside.startswith("]") else inside
    return f"[{'^' if match[1] else ''}{inside}]", match.end()


def matches(text: str, pattern: str) -> bool:
    """Tell whether the whole text matches."""
    return re.fullmatch(regex_of(pattern), text, re.DOTALL) is not None


def matching_names(names: Iterable[str], pattern: str) -> list[str]:
    """Return the names in a folder that match; hidden ones only for a pattern that starts with a dot."""
    expression = re.compile(regex_of(pattern))
    return sorted(
        name for name in names if expression.fullmatch(name) and (not name.startswith(".") or pattern.startswith("."))
    )


def without(value: str, pattern: str, *, suffix: bool, longest: bool) -> str:
    """Remove the shortest or longest matching start (or end) of a value."""
    expression = re.compile(regex_of(pattern), re.DOTALL)
    cuts = range(len(value) + 1)
    order = cuts if suffix == longest else reversed(cuts)
    for cut in order:
        part, rest = (value[cut:], value[:cut]) if suffix else (value[:cut], value[cut:])
        if expression.fullmatch(part):
            return rest
    return value


def replaced(value: str, pattern: str, by: str, *, everywhere: bool) -> str:
    """Replace the first (or every) longest match of a pattern."""
    return re.sub(regex_of(pattern), lambda _match: by, value, count=0 if everywhere else 1, flags=re.DOTALL)
