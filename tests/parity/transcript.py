"""A transcript: command lines and what each of them answered, as text that people can read in a review.

``$ command`` begins a line's record, ``| `` is a line of standard output, ``! `` one of standard error and
``= N`` the exit status when it isn't 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One command line with its (normalised) answer."""

    command: str
    stdout: str = ""
    stderr: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a scenario answered; ``trouble`` says which wait failed and ended it."""

    lines: tuple[Line, ...] = ()
    trouble: str = ""


def dump(lines: Iterable[Line]) -> str:
    """Return the transcript's text."""
    return "".join(f"{text}\n" for line in lines for text in record(line))


def record(line: Line) -> Iterator[str]:
    """Yield the text lines of one record."""
    yield from (f"$ {part}" if at == 0 else f"> {part}" for at, part in enumerate(line.command.splitlines()))
    yield from (f"| {part}".rstrip(" ") for part in line.stdout.splitlines())
    yield from (f"! {part}".rstrip(" ") for part in line.stderr.splitlines())
    if line.status:
        yield f"= {line.status}"


def parse(text: str) -> list[Line]:
    """Return the lines of a transcript; raise ``ValueError`` for a line that begins with none of the marks."""
    found: list[dict[str, list[str]]] = []
    for number, written in enumerate(text.splitlines(), 1):
        mark, content = written[:1], written[2:]
        if mark == "$":
            found.append({"$": [content], "|": [], "!": [], "=": []})
        elif mark == ">" and found:
            found[-1]["$"].append(content)
        elif mark in {"|", "!", "="} and found:
            found[-1][mark].append(content)
        else:
            raise ValueError(f"line {number} of the transcript begins with {mark!r}; record the scenario again")
    return [
        Line("\n".join(one["$"]), "\n".join(one["|"]), "\n".join(one["!"]), int(one["="][0]) if one["="] else 0)
        for one in found
    ]
