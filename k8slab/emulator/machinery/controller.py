"""The protocol of a controller and what it is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import orjson

from k8slab.clock import Clock, Entropy
from k8slab.emulator.api import Api
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.emulator.machinery.informer import Informer
from k8slab.emulator.machinery.writes import ObservedApi
from k8slab.kube.objects import Obj, controller_of, key_of, namespace_of
from k8slab.kube.objects import ObjectKey as ObjectKey  # noqa: PLC0414 - the usual key of a controller
from k8slab.kube.resources import Resource

# From a change (before, after; None: did not or does not exist) to the keys it concerns.
Route = Callable[[Obj | None, Obj | None], Iterable[Hashable]]


@dataclass(frozen=True, slots=True)
class Watch:
    """A resource that a controller reacts to, and which of its keys a change concerns."""

    resource: Resource
    route: Route


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a sync; ``requeue_after`` asks for another one in that many seconds."""

    requeue_after: float | None = None


DONE = Result()


class Controller(Protocol):
    """Brings one kind of object to the state that it asks for.

    ``sync`` is called for each key that a watch names, never twice at a time for one key. An exception means: again
    later (a conflict is the ordinary case).
    """

    @property
    def name(self) -> str:
        """Return the name for logs and events."""
        ...

    @property
    def workers(self) -> int:
        """Return how many keys may be worked on at a time."""
        ...

    def watches(self) -> Sequence[Watch]:
        """Return what the controller reacts to."""
        ...

    async def sync(self, key: Any) -> Result:
        """Bring one key's objects closer to what they should be."""
        ...


@runtime_checkable
class Extensible(Protocol):
    """A controller of all kinds, which learns of those that users define while it runs."""

    def extend(self, resource: Resource) -> Sequence[Watch]:
        """Take in one more kind; return what to watch for it (nothing when it is known)."""
        ...


class Desk:
    """What controllers share: watched copies, an API that shows them their own writes at once, time, events."""

    def __init__(self, api: Api, clock: Clock, entropy: Entropy) -> None:
        self.clock = clock
        self.entropy = entropy
        self.api: Api = ObservedApi(api, self._informers_of)
        self._source = api
        self._informers: dict[str, Informer] = {}
        self._recorders: dict[tuple[str, str], EventRecorder] = {}

    @property
    def informers(self) -> list[Informer]:
        """Return the informers asked for so far."""
        return list(self._informers.values())

    @property
    def recorders(self) -> list[EventRecorder]:
        """Return the recorders asked for so far."""
        return list(self._recorders.values())

    def informer(self, resource: Resource) -> Informer:
        """Return the one informer of a resource."""
        found = self._informers.get(resource.qualified_name)
        if found is None:
            found = self._informers[resource.qualified_name] = Informer(self._source, resource, self.clock)
        return found

    def recorder(self, component: str, host: str = "") -> EventRecorder:
        """Return the one event recorder of a component."""
        found = self._recorders.get((component, host))
        if found is None:
            found = self._recorders[component, host] = EventRecorder(self._source, self.clock, component, host)
        return found

    def _informers_of(self, resource: Resource) -> Informer | None:
        return self._informers.get(resource.qualified_name)


def own_key(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
    """Route a change to the changed object itself."""
    obj = after if after is not None else before
    return () if obj is None else (key_of(obj),)


def controller_key(kind: str) -> Callable[[Obj | None, Obj | None], Iterable[ObjectKey]]:
    """Return the route of a change to the object's controller of that kind, before and after."""

    def route(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        found = []
        for obj in (before, after):
            reference = None if obj is None else controller_of(obj)
            if obj is not None and reference is not None and reference.get("kind") == kind:
                found.append(ObjectKey(namespace_of(obj), str(reference.get("name", ""))))
        return dict.fromkeys(found)

    return route


def copy_of(obj: Obj) -> Obj:
    """Return a copy that may be changed (re-decoding is several times faster than ``copy.deepcopy``)."""
    copied: Obj = orjson.loads(orjson.dumps(obj))
    return copied
