"""Scenario files: what a learner types, as data.

``scenarios/AREA/NAME.yaml`` holds ``title``, ``steps`` and perhaps ``alone: true`` (it changes the node, so nothing may
run beside it). A step is one of

* a text: a command line for ``sh``, recorded and compared;
* ``file`` and ``text``: a file to write beside the commands;
* ``run``: as the text, with options: ``unordered: true`` (rows whose order hangs on random names), ``env``;
* ``until``: repeated until it succeeds; not recorded;
* ``quiet``: run once, must succeed, not recorded (its words depend on timing).

``$NS`` stands for the scenario's namespace, in commands and files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SCENARIOS = Path(__file__).parent / "scenarios"
GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True, slots=True)
class Step:
    """``kind`` is run, file, until or quiet; ``text`` the command line, or the content of ``path``."""

    kind: str
    text: str
    path: str = ""
    unordered: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """``key`` is ``AREA/NAME``; ``source`` the file's whole text (numbers that stand there are typed, not random)."""

    key: str
    title: str
    steps: tuple[Step, ...]
    source: str
    alone: bool = False

    @property
    def area(self) -> str:
        """Return the first part of the key."""
        return self.key.partition("/")[0]

    @property
    def golden(self) -> Path:
        """Return the file with the real cluster's answers."""
        return GOLDEN / f"{self.key}.txt"


def _step(written: Any) -> Step:
    if isinstance(written, str):
        return Step("run", written.strip())
    for kind in ("run", "until", "quiet"):
        if kind in written:
            return Step(
                kind,
                written[kind].strip(),
                unordered=written.get("unordered", False),
                env=written.get("env", {}),
            )
    return Step("file", written["text"], path=written["file"])


def load(path: Path) -> Scenario:
    """Read one scenario file."""
    source = path.read_text(encoding="utf-8")
    content = yaml.safe_load(source)
    key = f"{path.parent.name}/{path.stem}"
    steps = tuple(_step(written) for written in content["steps"])
    return Scenario(key, content["title"], steps, source, content.get("alone", False))


def load_all(words: tuple[str, ...] = ()) -> Iterator[Scenario]:
    """Yield all scenarios, or those whose key contains one of the words."""
    for path in sorted(SCENARIOS.glob("*/*.yaml")):
        found = load(path)
        if not words or any(word in found.key for word in words):
            yield found
