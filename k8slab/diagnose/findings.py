"""What a diagnosis is made of: hops, and findings that break them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# What a client saw, as findings name it: "ok", a status ("503"), or how the connection failed.
CONNECT = frozenset({"refused", "timeout", "reset"})
# What the same failures look like behind the ingress controller, which always answers.
GATEWAY = frozenset({"502", "503", "504"})
UNREACHED = CONNECT | GATEWAY
State = Literal["ok", "broken", "doubtful", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause: a stable id, a sentence, what was seen, and the command to type next.

    ``symptoms``: what a client sees because of it; empty means any failure. A ``doubt`` alone breaks nothing: it
    counts only when the answer that really came fits it. ``logs`` names a container whose last words would help:
    ``namespace/pod/container``.
    """

    cause: str
    text: str
    command: str = ""
    evidence: tuple[str, ...] = ()
    symptoms: frozenset[str] = frozenset()
    doubt: bool = False
    logs: str = ""

    def explains(self, symptom: str) -> bool:
        """Tell whether a client that meets this cause sees that."""
        return symptom in self.symptoms if self.symptoms else symptom != "ok"


@dataclass(frozen=True, slots=True)
class Hop:
    """One stretch of the way: what the objects declare, what the request showed, and what is wrong here."""

    name: str
    declared: str
    shown: str = ""
    findings: tuple[Finding, ...] = ()
    state: State = "ok"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen beyond the objects: the answer, and last words of containers by ``namespace/pod/container``."""

    symptom: str = ""
    answer: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    last_error: str = ""

    @property
    def seen(self) -> bool:
        """Tell whether a request was really sent."""
        return bool(self.symptom)


def first_of(findings: tuple[Finding, ...], symptom: str) -> Finding | None:
    """Return the first on the way that fits what was seen, certain ones before doubts; else the first that breaks."""
    if symptom:
        fitting = [entry for entry in findings if entry.explains(symptom)]
        if fitting or symptom == "ok":
            certain = [entry for entry in fitting if not entry.doubt]
            return next(iter(certain or fitting), None)
    breaking = [entry for entry in findings if not entry.doubt]
    return next(iter(breaking or findings), None)
