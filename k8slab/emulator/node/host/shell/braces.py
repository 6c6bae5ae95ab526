"""bash's brace expansion: ``{a,b}`` and ``{1..5}`` in unquoted text. ash and dash have none."""

from __future__ import annotations

import re
from itertools import pairwise

from k8slab.emulator.node.host.shell.syntax import Literal, Word

_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")
_MOST = 10_000


def braced(word: Word) -> list[Word]:
    """Return the words that a word becomes; itself when there is nothing to expand."""
    for index, part in enumerate(word):
        if not isinstance(part, Literal) or part.quoted:
            continue
        found = _first(part.text)
        if found is None:
            continue
        start, end, choices = found
        made: list[Word] = []
        for choice in choices:
            text = part.text[:start] + choice + part.text[end:]
            made += braced((*word[:index], Literal(text), *word[index + 1 :]))
            if len(made) > _MOST:
                return [word]
        return made
    return [word]


def _first(text: str) -> tuple[int, int, list[str]] | None:
    """Return where the first brace expression stands and its choices."""
    for start, char in enumerate(text):
        if char != "{":
            continue
        depth, commas = 0, [start]
        for end in range(start, len(text)):
            depth += (text[end] == "{") - (text[end] == "}")
            if text[end] == "," and depth == 1:
                commas.append(end)
            if depth == 0:
                break
        else:
            return None
        if len(commas) > 1:
            cuts = [*commas, end]
            return start, end + 1, [text[a + 1 : b] for a, b in pairwise(cuts)]
        numbers = _range(text[start + 1 : end])
        if numbers:
            return start, end + 1, numbers
    return None


def _range(text: str) -> list[str]:
    match = _RANGE.fullmatch(text)
    if match is None:
        return []
    first, last, step = match[1], match[2], abs(int(match[3] or 1)) or 1
    if first.lstrip("-").isdigit() != last.lstrip("-").isdigit():
        return []
    if not first.lstrip("-").isdigit():
        low, high = ord(first), ord(last)
        return [chr(code) for code in range(low, high + (1 if low <= high else -1), step if low <= high else -step)]
    width = max(len(first), len(last)) if re.match(r"-?0\d", first) or re.match(r"-?0\d", last) else 0
    low, high = int(first), int(last)
    if abs(high - low) // step > _MOST:
        return []
    return [
        f"{number:0{width}d}"
        for number in range(low, high + (1 if low <= high else -1), step if low <= high else -step)
    ]
