"""Follows volumes: free, bound, released, reclaimed (pv_controller.go, syncVolume)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.controllers.volumes.matching import PROVISIONED_BY, names_claim
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, name_of
from k8slab.kube.resources import CLAIMS, VOLUMES


class VolumeReclaimer:
    """Writes the phase of volumes, and deletes what may go with its claim."""

    # In Kubernetes one controller binds and reclaims; queues go by name here.
    name = "persistentvolume-reclaimer"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._volumes = desk.informer(VOLUMES)
        self._claims = desk.informer(CLAIMS)
        self._recorder = desk.recorder("persistentvolume-controller")

    def watches(self) -> Sequence[Watch]:
        """React to volumes, and to the claims that they are bound to."""
        return (Watch(VOLUMES, own_key), Watch(CLAIMS, self._volume_of))

    def _volume_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        names = {str(dig(claim, "spec", "volumeName", default="")) for claim in (before, after)}
        return [ObjectKey("", name) for name in names if name]

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one volume's phase up to date."""
        volume = self._volumes.get("", key.name)
        if volume is None:
            return DONE
        reference = dig(volume, "spec", "claimRef")
        if reference is None or not reference.get("uid"):
            await self._phase(volume, "Available")
            return DONE
        claim = self._claims.get(str(reference.get("namespace", "")), str(reference.get("name", "")))
        if claim is not None and names_claim(volume, claim):
            return DONE
        if dig(volume, "status", "phase") not in ("Released", "Failed"):
            volume = await self._phase(volume, "Released")
        await self._reclaim(volume)
        return DONE

    async def _reclaim(self, volume: Obj) -> None:
        policy = dig(volume, "spec", "persistentVolumeReclaimPolicy")
        # What a provisioner made, its provisioner removes.
        if policy == "Retain" or is_deleting(volume) or PROVISIONED_BY in annotations_of(volume):
            return
        if dig(volume, "status", "phase") == "Failed":
            return
        path = str(dig(volume, "spec", "hostPath", "path", default=""))
        if policy == "Delete" and path.startswith("/tmp/"):  # noqa: S108 - a path on the node
            await self._api.delete(VOLUMES, "", name_of(volume))
            return
        words = f"host_path deleter only supports /tmp/.+ but received provided {path}"
        if policy == "Recycle":
            words = "Recycle failed: recycling is not part of the embedded cluster; use Retain or Delete"
        elif not path:
            name = name_of(volume)
            words = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
        await self._phase(volume, "Failed", words)
        reason = "VolumeFailedRecycle" if policy == "Recycle" else "VolumeFailedDelete"
        self._recorder.event(volume, "Warning", reason, words)

    async def _phase(self, volume: Obj, phase: str, message: str = "") -> Obj:
        if dig(volume, "status", "phase") == phase:
            return volume
        status = {"phase": phase, "lastPhaseTransitionTime": timestamp(self._desk.clock.now())}
        if message:
            status["message"] = message
        return await self._api.update(VOLUMES, {**volume, "status": status}, subresource="status")
