"""Namespaces that are being deleted: empties them, then lets them go (pkg/controller/namespace)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.controllers.conditions import Condition, find
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, copy_of, own_key
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of
from k8slab.kube.resources import EVENTS, NAMESPACES, PODS, Resource
from k8slab.kube.status import ApiError

FINALIZER = "kubernetes"
# Type, reason and message of each condition when there is nothing to complain about, in their order.
_FINE = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)
_TOGETHER = 50


class NamespaceController:
    """Deletes the pods of a terminating namespace, then everything else, reports what remains, then finalizes."""

    name = "namespace-controller"
    workers = 5

    def __init__(self, desk: Desk, resources: Iterable[Resource]) -> None:
        self._desk = desk
        self._api = desk.api
        self._namespaces = desk.informer(NAMESPACES)
        self._resources = [item for item in resources if item.namespaced and "delete" in item.verbs]

    def watches(self) -> Sequence[Watch]:
        """React to namespaces, and to whatever vanishes from one that is ending."""
        watched = [item for item in self._resources if item.storage_name != EVENTS.storage_name]
        return (Watch(NAMESPACES, own_key), *(Watch(item, self._after_content) for item in watched))

    def extend(self, resource: Resource) -> Sequence[Watch]:
        """Empty namespaces of one more kind; return what to watch for it."""
        if not resource.namespaced or resource in self._resources:
            return ()
        self._resources.append(resource)
        return (Watch(resource, self._after_content),)

    def _after_content(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        some = after if after is not None else before
        namespace = None if some is None else self._namespaces.get("", namespace_of(some))
        if namespace is not None and is_deleting(namespace):
            yield ObjectKey("", name_of(namespace))

    async def sync(self, key: ObjectKey) -> Result:
        """Bring the end of one namespace closer."""
        namespace = self._namespaces.get("", key.name)
        if namespace is None or not is_deleting(namespace):
            return DONE
        finalizers = dig(namespace, "spec", "finalizers", default=[])
        if FINALIZER not in finalizers:
            return DONE
        remaining, failures = await self._empty(key.name)
        # While pods remain, the conditions do not mention them (1.34: they are counted in the second stage only).
        others = [(resource, obj) for resource, obj in remaining if resource != PODS]
        namespace = await self._write_status(namespace, others, failures)
        if failures:
            raise failures[0]
        if not remaining:
            wanted = copy_of(namespace)
            wanted["spec"]["finalizers"] = [name for name in finalizers if name != FINALIZER]
            await self._api.update(NAMESPACES, wanted, subresource="finalize")
        return DONE

    async def _empty(self, namespace: str) -> tuple[list[tuple[Resource, Obj]], list[ApiError]]:
        """Delete pods; when they are gone, everything else. Return what is still there and what went wrong."""
        pods = [item for item in self._resources if item == PODS]
        others = [item for item in self._resources if item != PODS]
        remaining: list[tuple[Resource, Obj]] = []
        failures: list[ApiError] = []
        for stage in (pods, others):
            for resource in stage:
                left, failed = await self._delete_all(resource, namespace)
                remaining += [(resource, obj) for obj in left]
                failures += failed
            if remaining:
                break
        return remaining, failures

    async def _delete_all(self, resource: Resource, namespace: str) -> tuple[list[Obj], list[ApiError]]:
        present = (await self._api.list(resource, namespace)).items
        fresh = [name_of(obj) for obj in present if not is_deleting(obj)]
        failures: list[ApiError] = []
        for start in range(0, len(fresh), _TOGETHER):
            batch = [self._api.delete(resource, namespace, name) for name in fresh[start : start + _TOGETHER]]
            for answer in await asyncio.gather(*batch, return_exceptions=True):
                if isinstance(answer, ApiError):
                    failures += [] if answer.reason == "NotFound" else [answer]
                elif isinstance(answer, BaseException):
                    raise answer
        return ((await self._api.list(resource, namespace)).items if present else []), failures

    async def _write_status(
        self, namespace: Obj, remaining: Sequence[tuple[Resource, Obj]], failures: Sequence[ApiError]
    ) -> Obj:
        old: list[Condition] = dig(namespace, "status", "conditions", default=[])
        found = _complaints(remaining, failures)
        new = [self._condition(old, kind, *found.get(kind, ("False", *fine))) for kind, *fine in _FINE]
        if new == old and dig(namespace, "status", "phase") == "Terminating":
            return namespace
        wanted = {**namespace, "status": {"phase": "Terminating", "conditions": new}}
        return await self._api.update(NAMESPACES, wanted, subresource="status")

    def _condition(self, old: Sequence[Condition], kind: str, status: str, reason: str, message: str) -> Condition:
        present = find(old, kind)
        moment = timestamp(self._desk.clock.now())
        if present is not None and present.get("status") == status:
            moment = present.get("lastTransitionTime", moment)
        return {"type": kind, "status": status, "lastTransitionTime": moment, "reason": reason, "message": message}


def _complaints(
    remaining: Sequence[tuple[Resource, Obj]], failures: Sequence[ApiError]
) -> dict[str, tuple[str, str, str]]:
    """Return status, reason and message of the conditions that have something to say."""
    found = {}
    if failures:
        texts = ", ".join(sorted(failure.message for failure in failures))
        message = f"Failed to delete all resource types, {len(failures)} remaining: {texts}"
        found["NamespaceDeletionContentFailure"] = ("True", "ContentDeletionFailed", message)
    if remaining:
        kinds = Counter(f"{resource.plural}.{resource.group}" for resource, _ in remaining)
        listed = ", ".join(sorted(f"{name} has {count} resource instances" for name, count in kinds.items()))
        message = f"Some resources are remaining: {listed}"
        found["NamespaceContentRemaining"] = ("True", "SomeResourcesRemain", message)
    holders = Counter(name for _, obj in remaining for name in dig(obj, "metadata", "finalizers", default=[]))
    if holders:
        listed = ", ".join(sorted(f"{name} in {count} resource instances" for name, count in holders.items()))
        message = f"Some content in the namespace has finalizers remaining: {listed}"
        found["NamespaceFinalizersRemaining"] = ("True", "SomeFinalizersRemain", message)
    return found
