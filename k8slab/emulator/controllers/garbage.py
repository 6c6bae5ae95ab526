"""The garbage collector: deletes what has lost all owners, in the order the deletion asked for.

Source: pkg/controller/garbagecollector. Background: the owner goes first. Foreground: the owner waits (finalizer
``foregroundDeletion``) until the dependents that block it are gone. Orphan: the dependents stay (``orphan``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from k8slab.emulator.api import DeleteOptions, Preconditions
from k8slab.emulator.machinery.controller import DONE, Desk, Result, Route, Watch
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of, owner_references, uid_of
from k8slab.kube.resources import EVENTS, Catalog, Resource
from k8slab.kube.status import ApiError

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
_Policy = Literal["", "Orphan", "Background", "Foreground"]


class GarbageKey(NamedTuple):
    """One object: its resource, place and identity."""

    resource: Resource
    namespace: str
    name: str
    uid: str


class GarbageCollector:
    """Follows owner references between all kinds."""

    name = "garbage-collector"
    workers = 10

    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        self._desk = desk
        self._api = desk.api
        self._catalog = catalog
        resources = [item for item in catalog if "delete" in item.verbs and item.storage_name != EVENTS.storage_name]
        self._informers = {item: desk.informer(item) for item in resources}

    def extend(self, resource: Resource) -> Sequence[Watch]:
        """Follow one more kind; return what to watch for it."""
        if resource in self._informers:
            return ()
        self._informers[resource] = self._desk.informer(resource)
        return (Watch(resource, self._route(resource)),)

    def watches(self) -> Sequence[Watch]:
        """React to every kind: objects with owners, objects whose deletion waits, objects that are gone."""
        return tuple(Watch(resource, self._route(resource)) for resource in self._informers)

    def _route(self, resource: Resource) -> Route:
        def route(before: Obj | None, after: Obj | None) -> Iterable[GarbageKey]:
            if after is None:
                if before is not None:
                    yield from self._relatives(before)
                return
            owners = owner_references(after)
            begins = is_deleting(after) and (before is None or not is_deleting(before))
            waits = is_deleting(after) and _finalizers(after)
            changed = before is None or owners != owner_references(before)
            if waits or begins or (changed and any(self._doubtful(reference) for reference in owners)):
                yield _key(resource, after)

        return route

    def _doubtful(self, reference: Obj) -> bool:
        """Tell whether an owner is not in sight or waits for its dependents; ``sync`` then looks closely."""
        uid = str(reference.get("uid", ""))
        owner = next((found for informer in self._informers.values() if (found := informer.by_uid(uid))), None)
        return owner is None or _waits_for_dependents(owner)

    def _relatives(self, gone: Obj) -> Iterable[GarbageKey]:
        yield from self._dependents(uid_of(gone))
        for reference in owner_references(gone):
            for resource, informer in self._informers.items():
                owner = informer.by_uid(str(reference.get("uid", "")))
                if owner is not None and is_deleting(owner):
                    yield _key(resource, owner)

    def _dependents(self, uid: str) -> list[GarbageKey]:
        return [
            _key(resource, obj) for resource, informer in self._informers.items() for obj in informer.dependents(uid)
        ]

    async def sync(self, key: GarbageKey) -> Result:
        """Decide about one object."""
        obj = await self._live(key.resource, key.namespace, key.name)
        if obj is None or uid_of(obj) != key.uid:
            return DONE
        if is_deleting(obj) and ORPHAN in _finalizers(obj):
            await self._orphan(key, obj)
        elif _waits_for_dependents(obj):
            await self._continue_foreground(key, obj)
        elif not is_deleting(obj):
            await self._judge(key, obj)
        return DONE

    # --- an object with owners ---

    async def _judge(self, key: GarbageKey, obj: Obj) -> None:
        solid, dangling, waiting = await self._classify(obj)
        if solid:
            if dangling or waiting:
                await self._keep_owners(key, obj, solid)
            return
        if not owner_references(obj):
            return
        policy = _policy(obj)
        if waiting and self._dependents(key.uid):
            await self._unblock_cycle(key, obj)
            policy = "Foreground"
        await self._delete(key, obj, policy)

    async def _classify(self, obj: Obj) -> tuple[list[Obj], list[Obj], list[Obj]]:
        """Return the references to owners that live on, are gone, and wait for their dependents."""
        solid, dangling, waiting = [], [], []
        for reference in owner_references(obj):
            resource = self._catalog.for_kind(str(reference.get("apiVersion")), str(reference.get("kind")))
            if resource is None:
                # An owner of a kind that nobody serves may still exist: never delete because of it.
                solid.append(reference)
                continue
            namespace = namespace_of(obj) if resource.namespaced else ""
            owner = await self._live(resource, namespace, str(reference.get("name")))
            if owner is None or uid_of(owner) != reference.get("uid"):
                dangling.append(reference)
            elif _waits_for_dependents(owner):
                waiting.append(reference)
            else:
                solid.append(reference)
        return solid, dangling, waiting

    async def _keep_owners(self, key: GarbageKey, obj: Obj, references: Sequence[Obj]) -> None:
        await self._write_meta(key, obj, {"ownerReferences": list(references) or None})

    async def _unblock_cycle(self, key: GarbageKey, obj: Obj) -> None:
        """Stop blocking owners when a dependent waits for its own dependents too, which could be a circle."""
        resources = {dependent: self._informers[dependent.resource] for dependent in self._dependents(key.uid)}
        dependents = [informer.get(*dependent[1:3]) for dependent, informer in resources.items()]
        if any(dependent is not None and _waits_for_dependents(dependent) for dependent in dependents):
            freed = [{**reference, "blockOwnerDeletion": False} for reference in owner_references(obj)]
            await self._write_meta(key, obj, {"ownerReferences": freed})

    async def _delete(self, key: GarbageKey, obj: Obj, policy: _Policy) -> None:
        options = DeleteOptions(propagation_policy=policy, preconditions=Preconditions(uid=uid_of(obj)))
        try:
            await self._api.delete(key.resource, key.namespace, key.name, options)
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    # --- an object whose deletion waits ---

    async def _continue_foreground(self, key: GarbageKey, obj: Obj) -> None:
        blocking = [dependent for dependent in self._dependents(key.uid) if self._blocks(dependent, key.uid)]
        if not blocking:
            await self._drop_finalizer(key, obj, FOREGROUND)
            return
        for dependent in blocking:
            await self.sync(dependent)

    def _blocks(self, dependent: GarbageKey, owner_uid: str) -> bool:
        obj = self._informers[dependent.resource].get(dependent.namespace, dependent.name)
        references = [] if obj is None else owner_references(obj)
        return any(ref.get("uid") == owner_uid and ref.get("blockOwnerDeletion") for ref in references)

    async def _orphan(self, key: GarbageKey, obj: Obj) -> None:
        for dependent in self._dependents(key.uid):
            present = await self._live(dependent.resource, dependent.namespace, dependent.name)
            if present is not None:
                others = [ref for ref in owner_references(present) if ref.get("uid") != key.uid]
                await self._keep_owners(dependent, present, others)
        await self._drop_finalizer(key, obj, ORPHAN)

    async def _drop_finalizer(self, key: GarbageKey, obj: Obj, finalizer: str) -> None:
        left = [name for name in _finalizers(obj) if name != finalizer]
        await self._write_meta(key, obj, {"finalizers": left or None})

    # --- reading and writing ---

    async def _live(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        try:
            return await self._api.get(resource, namespace, name)
        except ApiError as error:
            if error.reason == "NotFound":
                return None
            raise

    async def _write_meta(self, key: GarbageKey, obj: Obj, changes: dict[str, object]) -> None:
        version = dig(obj, "metadata", "resourceVersion")
        patch = {"metadata": {"uid": uid_of(obj), "resourceVersion": version, **changes}}
        try:
            await self._api.patch(key.resource, key.namespace, key.name, patch)
        except ApiError as error:
            if error.reason != "NotFound":
                raise


def _key(resource: Resource, obj: Obj) -> GarbageKey:
    return GarbageKey(resource, namespace_of(obj), name_of(obj), uid_of(obj))


def _finalizers(obj: Obj) -> list[str]:
    found: list[str] = dig(obj, "metadata", "finalizers", default=[])
    return found


def _waits_for_dependents(obj: Obj) -> bool:
    return is_deleting(obj) and FOREGROUND in _finalizers(obj)


def _policy(obj: Obj) -> _Policy:
    finalizers = _finalizers(obj)
    if ORPHAN in finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in finalizers else "Background"
