"""One watch of one resource, shared by everyone in the process that reads it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from k8slab.clock import Clock
from k8slab.emulator.api import Api, WatchEvent
from k8slab.emulator.machinery.index import ObjectIndex
from k8slab.kube.objects import (
    Obj,
    ObjectKey,
    controller_of,
    is_deleting,
    key_of,
    labels_of,
    resource_version_of,
    uid_of,
)
from k8slab.kube.resources import Resource
from k8slab.kube.selectors import LabelSelector
from k8slab.kube.status import ApiError

# Called with the object before and after a change; None where it did not or does not exist.
Handler = Callable[[Obj | None, Obj | None], None]

_GONE = 410
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 5.0
_log = logging.getLogger(__name__)


class Informer:
    """Keeps copies of all objects of a resource and tells handlers about each change.

    The copies follow one watch (begun with the present objects, resumed from the last revision, begun again after
    410 Gone). ``observe`` and ``observe_deletion`` add what this process wrote itself at once, so a controller
    always reads its own writes and needs no list of expectations. Objects returned are shared: copy before changing.
    """

    def __init__(self, api: Api, resource: Resource, clock: Clock) -> None:
        self.resource = resource
        self.synced = asyncio.Event()
        self._api = api
        self._clock = clock
        self._index = ObjectIndex()
        self._handlers: list[Handler] = []
        self._dying: set[str] = set()
        self._revision: int | None = None

    # --- reading ---

    def get(self, namespace: str, name: str) -> Obj | None:
        """Return one object."""
        return self._index.get(ObjectKey(namespace, name))

    def by_uid(self, uid: str) -> Obj | None:
        """Return the object with that uid."""
        return self._index.by_uid(uid)

    def objects(self, namespace: str = "") -> list[Obj]:
        """Return the objects of a namespace; of all namespaces without one."""
        return self._index.objects(namespace)

    def select(self, namespace: str, selector: LabelSelector) -> list[Obj]:
        """Return the objects of a namespace whose labels match."""
        return [obj for obj in self._index.objects(namespace) if selector.matches(labels_of(obj))]

    def dependents(self, uid: str) -> list[Obj]:
        """Return the objects that name that uid as an owner."""
        return self._index.dependents(uid)

    def controlled_by(self, uid: str) -> list[Obj]:
        """Return the objects whose controller has that uid."""
        return [obj for obj in self._index.dependents(uid) if (controller_of(obj) or {}).get("uid") == uid]

    def subscribe(self, handler: Handler) -> None:
        """Call a handler on each change from now on, and now for each object that is known."""
        self._handlers.append(handler)
        for obj in self._index.objects():
            handler(None, obj)

    # --- following ---

    async def run(self) -> None:
        """Follow the resource until cancelled; failures are retried with growing pauses."""
        pause = _FIRST_PAUSE
        while True:
            before = self._revision
            try:
                await self._follow()
            except ApiError as error:
                if error.code == _GONE:
                    self._revision = before = None
                else:
                    _log.warning("watch of %s failed: %s", self.resource.qualified_name, error)
            except OSError as error:
                _log.warning("watch of %s broke: %s", self.resource.qualified_name, error)
            pause = min(pause * 2, _LONGEST_PAUSE) if self._revision == before else _FIRST_PAUSE
            await self._clock.sleep(pause)

    async def _follow(self) -> None:
        initial: set[ObjectKey] | None = set() if self._revision is None else None
        async with _closing(self._api.watch(self.resource, since=self._revision)) as events:
            async for event in events:
                if event.type == "BOOKMARK":
                    if initial is not None:
                        self._end_of_initial(initial, event.revision)
                        initial = None
                elif event.type == "DELETED":
                    self._gone(key_of(event.object), event.revision)
                else:
                    if initial is not None:
                        initial.add(key_of(event.object))
                    self._store(event.object)
                if initial is None:
                    self._revision = event.revision

    def _end_of_initial(self, present: set[ObjectKey], revision: int) -> None:
        for key in self._index.keys() - present:
            self._gone(key, revision)
        self.synced.set()

    def _gone(self, key: ObjectKey, revision: int) -> None:
        known = self._index.get(key)
        if known is None or resource_version_of(known) > revision:
            return
        self._index.remove(key)
        self._dying.discard(uid_of(known))
        self._tell(known, None)

    def _store(self, obj: Obj) -> None:
        known = self._index.get(key_of(obj))
        if known is not None and resource_version_of(known) >= resource_version_of(obj):
            return
        if uid_of(obj) in self._dying:
            obj = obj if is_deleting(obj) else _marked(obj)
        self._index.put(obj)
        if known is not None and uid_of(known) != uid_of(obj):
            self._dying.discard(uid_of(known))
            self._tell(known, None)
            known = None
        self._tell(known, obj)

    def _tell(self, before: Obj | None, after: Obj | None) -> None:
        for handler in self._handlers:
            handler(before, after)

    # --- writes of this process ---

    def observe(self, obj: Obj) -> None:
        """Take the result of a write of this process before the watch brings it.

        What the watch has already passed is not taken: the object may be gone since.
        """
        if self._revision is not None and resource_version_of(obj) > self._revision:
            self._store(obj)

    def observe_deletion(self, key: ObjectKey, answer: Obj) -> None:
        """Show an object as being deleted as soon as this process has asked for that.

        ``answer`` is what the API said: the object (with a deletionTimestamp when it stays for a while) or a Status.
        """
        known = self._index.get(key)
        if known is None or is_deleting(known):
            return
        if answer.get("kind") == self.resource.kind:
            if uid_of(answer) != uid_of(known):
                return
            if is_deleting(answer):
                self.observe(answer)
                return
        self._dying.add(uid_of(known))
        dying = _marked(known)
        self._index.put(dying)
        self._tell(known, dying)


def _marked(obj: Obj) -> Obj:
    """Return the object as being deleted; when exactly is for the API to say."""
    meta = obj["metadata"]
    return {**obj, "metadata": {**meta, "deletionTimestamp": meta.get("creationTimestamp")}}


@asynccontextmanager
async def _closing(events: AsyncIterator[WatchEvent]) -> AsyncIterator[AsyncIterator[WatchEvent]]:
    try:
        yield events
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
