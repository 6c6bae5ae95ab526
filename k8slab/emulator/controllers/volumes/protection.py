"""Keeps claims that pods use, and volumes that are bound, until they are free (pvcprotection, pvprotection)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.controllers.pods import has_ended
from k8slab.emulator.controllers.volumes.claims import claims_used
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, copy_of, own_key
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of
from k8slab.kube.resources import CLAIMS, PODS, VOLUMES

_CLAIM, _VOLUME = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


def _without(obj: Obj, finalizer: str) -> Obj:
    changed = copy_of(obj)
    changed["metadata"]["finalizers"].remove(finalizer)
    return changed


def _waits(obj: Obj | None, finalizer: str) -> bool:
    return obj is not None and is_deleting(obj) and finalizer in dig(obj, "metadata", "finalizers", default=[])


class ClaimProtection:
    """Lets a deleted claim go when no running pod uses it."""

    name = "pvc-protection-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._claims = desk.informer(CLAIMS)
        self._pods = desk.informer(PODS)

    def watches(self) -> Sequence[Watch]:
        """React to claims, and to the pods that use them."""
        return (Watch(CLAIMS, own_key), Watch(PODS, self._claims_of))

    def _claims_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        pod = after if after is not None else before
        return [] if pod is None else [ObjectKey(namespace_of(pod), name) for name in claims_used(pod)]

    async def sync(self, key: ObjectKey) -> Result:
        """Take the finalizer off one claim when it is free."""
        claim = self._claims.get(*key)
        if claim is None or not _waits(claim, _CLAIM) or self._is_used(claim):
            return DONE
        await self._api.update(CLAIMS, _without(claim, _CLAIM))
        return DONE

    def _is_used(self, claim: Obj) -> bool:
        return any(
            name_of(claim) in claims_used(pod)
            for pod in self._pods.objects(namespace_of(claim))
            if dig(pod, "spec", "nodeName") and not has_ended(pod)
        )


class VolumeProtection:
    """Lets a deleted volume go when it is bound to no claim."""

    name = "pv-protection-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._volumes = desk.informer(VOLUMES)

    def watches(self) -> Sequence[Watch]:
        """React to volumes."""
        return (Watch(VOLUMES, own_key),)

    async def sync(self, key: ObjectKey) -> Result:
        """Take the finalizer off one volume when it is free."""
        volume = self._volumes.get("", key.name)
        if volume is not None and _waits(volume, _VOLUME) and dig(volume, "status", "phase") != "Bound":
            await self._api.update(VOLUMES, _without(volume, _VOLUME))
        return DONE
