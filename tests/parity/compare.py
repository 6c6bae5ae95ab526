"""Compare two transcripts, and hold the differences against the list of known ones."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.parity.normalise import Facts, normalise
from tests.parity.transcript import Line, Transcript, record

KNOWN = Path(__file__).parent / "known_differences.yaml"


@dataclass(frozen=True, slots=True)
class Difference:
    """``key`` names scenario and command line as the list of known differences does."""

    key: str
    text: str


def keys(scenario: str, lines: Sequence[Line]) -> list[str]:
    """Return a key for each line: ``AREA/NAME: command``, with `` #2`` for a command that is repeated."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        seen[line.command] += 1
        again = f" #{seen[line.command]}" if seen[line.command] > 1 else ""
        found.append(f"{scenario}: {line.command}{again}")
    return found


def compare(scenario: str, golden: Sequence[Line], actual: Transcript) -> list[Difference]:
    """Return what differs; lines that a failed wait kept from being typed differ.

    Raises ``ValueError`` when the recording is of other commands.
    """
    commands = [line.command for line in golden]
    given = [line.command for line in actual.lines]
    if given != (commands[: len(given)] if actual.trouble else commands):
        raise ValueError(f"{scenario} was changed after its recording: python -m tests.parity.record {scenario}")
    found = []
    for at, key in enumerate(keys(scenario, golden)):
        if at >= len(given):
            found.append(Difference(key, f"not reached: {actual.trouble}"))
            continue
        wanted, got = (list(record(_again(lines[at]))) for lines in (golden, actual.lines))
        if wanted != got:
            diff = difflib.unified_diff(wanted, got, "real", "here", n=2, lineterm="")
            found.append(Difference(key, "\n".join(diff)))
    return found


def _again(line: Line) -> Line:
    """Normalise anew, so that a new rule needs no new recording."""
    facts = Facts(typed=frozenset(str(number) for number in range(30000, 33000)))
    return Line(line.command, normalise(line.stdout, facts), normalise(line.stderr, facts), line.status)


def entries(path: Path = KNOWN) -> list[dict[str, Any]]:
    """Return the list of known differences: each entry has ``owner``, ``reason`` and ``lines`` (keys)."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or []) if path.is_file() else []


def known(listed: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return key of the line -> ``owner: reason``."""
    return {line: f"{entry['owner']}: {entry['reason']}" for entry in listed for line in entry["lines"]}


def updated(
    listed: Sequence[Mapping[str, Any]], differing: Iterable[str], compared: Iterable[str]
) -> list[dict[str, Any]]:
    """Return the list without the compared lines that are equal now, and with a new entry for those nobody knows."""
    still, seen = set(differing), set(compared)
    kept = [
        {**entry, "lines": [line for line in entry["lines"] if line in still or line not in seen]} for entry in listed
    ]
    news = sorted(still - set(known(listed)))
    if news:
        kept.append({"owner": "nobody yet", "reason": "to be looked at", "lines": news})
    return [entry for entry in kept if entry["lines"]]


def verdict(
    found: Iterable[Difference], expected: Mapping[str, str], all_keys: Iterable[str]
) -> tuple[list[Difference], list[str]]:
    """Return the differences that nobody knows, and the known ones that are gone."""
    differing = {difference.key: difference for difference in found}
    news = [difference for key, difference in differing.items() if key not in expected]
    gone = [key for key in all_keys if key in expected and key not in differing]
    return news, gone
