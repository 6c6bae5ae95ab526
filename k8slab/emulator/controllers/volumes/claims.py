"""Binds claims to volumes, or asks a provisioner for one (pv_controller.go, syncClaim)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.controllers.volumes.matching import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PROVISIONERS,
    class_of,
    find_volume,
    is_bound,
    is_delayed,
    names_claim,
    reference_to,
)
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, copy_of, own_key
from k8slab.emulator.machinery.events import EventKind
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, key_of, name_of, namespace_of, uid_of
from k8slab.kube.resources import CLAIMS, PODS, STORAGE_CLASSES, VOLUMES

# An event that says the same again is written again this often (the resync of the controller).
_AGAIN = 15.0
_LOST = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"


class ClaimBinder:
    """Finds a volume for each claim."""

    name = "persistentvolume-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._claims = desk.informer(CLAIMS)
        self._volumes = desk.informer(VOLUMES)
        self._classes = desk.informer(STORAGE_CLASSES)
        self._pods = desk.informer(PODS)
        self._recorder = desk.recorder(self.name)

    def watches(self) -> Sequence[Watch]:
        """React to claims, and to volumes and classes that may suit waiting ones."""
        return (
            Watch(CLAIMS, own_key), Watch(VOLUMES, self._after_volume), Watch(STORAGE_CLASSES, self._waiting),
        )  # fmt: skip

    def _waiting(self, _before: Obj | None, _after: Obj | None) -> Iterable[ObjectKey]:
        return [key_of(claim) for claim in self._claims.objects() if not is_bound(claim)]

    def _after_volume(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        for volume in (before, after):
            reference = dig(volume, "spec", "claimRef")
            if reference:
                yield ObjectKey(str(reference.get("namespace", "")), str(reference.get("name", "")))
        yield from self._waiting(before, after)

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one claim closer to a volume."""
        claim = self._claims.get(*key)
        if claim is None:
            return DONE
        if is_bound(claim):
            await self._check_bound(claim)
            return DONE
        if is_deleting(claim):
            return DONE
        if dig(claim, "spec", "volumeName"):
            return await self._bind_to_named(claim)
        storage_class = self._classes.get("", class_of(claim)) if class_of(claim) else None
        delayed = is_delayed(claim, storage_class)
        volume = find_volume(claim, self._volumes.objects(), delayed=delayed)
        if volume is not None:
            await self._bind(claim, volume)
            return DONE
        return await self._ask(claim, storage_class, delayed=delayed)

    async def _ask(self, claim: Obj, storage_class: Obj | None, *, delayed: bool) -> Result:
        wanted = class_of(claim)
        if delayed:
            self._say_waiting(claim)
        elif not wanted:
            words = "no persistent volumes available for this claim and no storage class is set"
            self._tell(claim, "Normal", "FailedBinding", words)
        elif storage_class is None:
            self._tell(claim, "Warning", "ProvisioningFailed", f'storageclass.storage.k8s.io "{wanted}" not found')
        else:
            return await self._provision(claim, str(storage_class.get("provisioner", "")))
        return Result(_AGAIN)

    def _say_waiting(self, claim: Obj) -> None:
        users = [
            name_of(pod)
            for pod in self._pods.objects(namespace_of(claim))
            if not dig(pod, "spec", "nodeName") and name_of(claim) in claims_used(pod)
        ]
        if users:
            listed = f"pod {users[0]}" if len(users) == 1 else f"one of pods {','.join(users)}"
            self._tell(claim, "Normal", "WaitForPodScheduled", f"waiting for {listed} to be scheduled")
        else:
            words = "waiting for first consumer to be created before binding"
            self._tell(claim, "Normal", "WaitForFirstConsumer", words)

    async def _provision(self, claim: Obj, provisioner: str) -> Result:
        if provisioner.startswith("kubernetes.io/"):
            words = f"no volume plugin matched name: {provisioner}"
            self._tell(claim, "Warning", "ProvisioningFailed", words)
            return Result(_AGAIN)
        if any(annotations_of(claim).get(name) != provisioner for name in PROVISIONERS):
            changed = copy_of(claim)
            changed["metadata"].setdefault("annotations", {}).update(dict.fromkeys(PROVISIONERS, provisioner))
            claim = await self._api.update(CLAIMS, changed)
        words = (
            f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the "
            "system administrator. If volume creation is delayed, please verify that the provisioner is running and "
            "correctly registered."
        )
        self._tell(claim, "Normal", "ExternalProvisioning", words)
        return Result(_AGAIN)

    async def _bind_to_named(self, claim: Obj) -> Result:
        volume = self._volumes.get("", str(claim["spec"]["volumeName"]))
        if volume is None:
            return Result(_AGAIN)
        if dig(volume, "spec", "claimRef") is None or names_claim(volume, claim):
            await self._bind(claim, volume)
            return DONE
        self._tell(claim, "Warning", "FailedBinding", "volume already bound to a different claim.")
        return Result(_AGAIN)

    async def _bind(self, claim: Obj, volume: Obj) -> None:
        """Write both sides: the volume first, so that it is promised to nobody else."""
        await self._bind_volume(claim, volume)
        changed = copy_of(claim)
        annotations = changed["metadata"].setdefault("annotations", {})
        if not changed["spec"].get("volumeName"):
            changed["spec"]["volumeName"] = name_of(volume)
            annotations[BOUND_BY_CONTROLLER] = "yes"
        annotations[BIND_COMPLETED] = "yes"
        await self._mark_bound(await self._api.update(CLAIMS, changed), volume)

    async def _bind_volume(self, claim: Obj, volume: Obj) -> None:
        changed = copy_of(volume)
        if dig(volume, "spec", "claimRef", "uid") != uid_of(claim):
            if changed["spec"].get("claimRef") is None:
                changed["metadata"].setdefault("annotations", {})[BOUND_BY_CONTROLLER] = "yes"
            changed["spec"]["claimRef"] = reference_to(claim)
            changed = await self._api.update(VOLUMES, changed)
        if dig(changed, "status", "phase") != "Bound":
            now = timestamp(self._desk.clock.now())
            status = {"phase": "Bound", "lastPhaseTransitionTime": now}
            await self._api.update(VOLUMES, {**changed, "status": status}, subresource="status")

    async def _mark_bound(self, claim: Obj, volume: Obj) -> None:
        spec = volume["spec"]
        status = {
            **(claim.get("status") or {}),
            "phase": "Bound",
            "accessModes": spec.get("accessModes"),
            "capacity": spec.get("capacity"),
        }
        if status != claim.get("status"):
            await self._api.update(CLAIMS, {**claim, "status": status}, subresource="status")

    async def _check_bound(self, claim: Obj) -> None:
        volume = self._volumes.get("", str(claim["spec"]["volumeName"]))
        if volume is not None and names_claim(volume, claim):
            await self._bind_volume(claim, volume)
            await self._mark_bound(claim, volume)
        elif dig(claim, "status", "phase") != "Lost":
            await self._api.update(CLAIMS, {**claim, "status": {"phase": "Lost"}}, subresource="status")
            self._tell(claim, "Warning", "ClaimLost", _LOST)

    def _tell(self, claim: Obj, kind: EventKind, reason: str, words: str) -> None:
        self._recorder.event(claim, kind, reason, words)


def claims_used(pod: Obj) -> list[str]:
    """Return the names of the claims that a pod's volumes use."""
    volumes = dig(pod, "spec", "volumes", default=[])
    return [str(entry["persistentVolumeClaim"]["claimName"]) for entry in volumes if entry.get("persistentVolumeClaim")]
