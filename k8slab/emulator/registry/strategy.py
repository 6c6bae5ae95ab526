"""What a kind adds to the generic verbs: one row of functions (k8s.io/kubernetes/pkg/registry/*/strategy.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from k8slab.clock import Clock, Entropy
from k8slab.emulator.registry.validation.names import SUBDOMAIN, NameRule
from k8slab.kube.objects import Obj
from k8slab.kube.status import FieldError

Errors = Iterator[FieldError]


@dataclass(frozen=True, slots=True)
class Context:
    """What preparing an object may need."""

    clock: Clock
    entropy: Entropy


def nothing(_obj: Obj) -> None:
    """Leave the object as it is."""


def no_errors(_obj: Obj) -> Errors:
    """Find nothing wrong."""
    yield from ()


def no_update_errors(_new: Obj, _old: Obj) -> Errors:
    """Find nothing wrong with the change."""
    yield from ()


def nothing_created(_obj: Obj, _context: Context) -> None:
    """Add nothing at creation."""


def nothing_updated(_new: Obj, _old: Obj) -> None:
    """Take the change as the client sent it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A subresource that writes a part of its object.

    ``choose(old, new)`` returns the old object with that part of the new one; ``validate(new, old)`` judges the change.
    """

    choose: Callable[[Obj, Obj], Obj]
    validate: Callable[[Obj, Obj], Errors]


@dataclass(frozen=True, slots=True)
class Strategy:
    """The rules of one kind.

    ``defaults`` fill in what the manifest leaves open, at each write. ``create`` runs once, at creation, where
    ``validate_new`` stands in for ``validate``; ``update`` prepares a change of anything but the status.
    ``has_status``: ``/status`` is a part of its own, which other writes do not touch and which they cannot bring along.
    ``has_generation``: changes of anything but metadata and status count. ``graceful``: a deletion takes time.
    """

    name_rule: NameRule = SUBDOMAIN
    defaults: Callable[[Obj], None] = nothing
    create: Callable[[Obj, Context], None] = nothing_created
    update: Callable[[Obj, Obj], None] = nothing_updated
    validate: Callable[[Obj], Errors] = no_errors
    validate_new: Callable[[Obj], Errors] | None = None
    validate_update: Callable[[Obj, Obj], Errors] = no_update_errors
    has_status: bool = False
    has_generation: bool = False
    graceful: bool = False
    initial_status: Obj | None = field(default_factory=dict)
    # Where a status is held against the same rules as the rest.
    validates_status: bool = False
    # Kinds whose changes are judged before the whole: their errors come first.
    update_first: bool = False
    # What the beginning of a deletion changes.
    ending: Callable[[Obj, Context], None] = nothing_created
    parts: Mapping[str, Part] = field(default_factory=dict)
    # A node brings its status along when it registers itself.
    keeps_first_status: bool = False
