"""The kinds of checks: one dataclass each, found by its tag in lesson.yaml.

``namespace`` is the learner's own where it is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Exists:
    """An object is there."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """An object is not there (any more)."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A field of an object has a value; exactly one of the four expectations is given."""

    kind: str
    name: str
    path: str
    equals: Any = None
    contains: str = ""
    matches: str = ""
    at_least: int | None = None
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A Deployment or ReplicaSet has exactly that many ready replicas of its newest template."""

    kind: str
    name: str
    count: int
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """A Service reaches that many ready pods."""

    service: str
    count: int
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Http:
    """Requests get the expected answer. ``origin``: ``inside``, ``nodePort`` (of ``service``) or ``ingress``.

    ``bodies``: regular expressions, each of which must be found in at least one of the ``repeat`` answers.
    ``statuses``: how many of the answers may have which status, from least to most (``{200: [6, 7], 503: [13, 14]}``);
    it stands in for ``status``. ``shares``: the same for regular expressions that bodies match. ``every``: the seconds
    between two attempts, for what the requests themselves change (a rate limit's bucket must run empty again).
    """

    url: str
    origin: str = "inside"
    service: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 1
    status: int = 200
    body: str = ""
    bodies: tuple[str, ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    shares: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    every: float = 0.25


@dataclass(frozen=True, slots=True)
class Log:
    """A workload (``Deployment``, ``Job`` or ``Pod``) has said something: ``contains`` is found in its log."""

    kind: str
    name: str
    contains: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an object; ``name`` may be the beginning of the object's name."""

    reason: str
    kind: str = "Pod"
    name: str = ""
    message: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Pods of a Deployment were made anew: at least ``count`` ReplicaSets or pods came and went.

    ``revision`` is the least revision that the Deployment must have reached.
    """

    name: str
    revision: int


Check = Exists | Absent | FieldIs | Ready | Endpoints | Http | Log | Event | Replaced
CHECKS: Mapping[str, type[Check]] = {
    "exists": Exists,
    "absent": Absent,
    "field": FieldIs,
    "ready": Ready,
    "endpoints": Endpoints,
    "http": Http,
    "log": Log,
    "event": Event,
    "revision": Replaced,
}
