"""What a pod's claims mean for its place (pkg/scheduler/framework/plugins/volumebinding)."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.emulator.controllers.scheduler_filters import Misfit, affinity_misfit
from k8slab.emulator.controllers.volumes.claims import claims_used
from k8slab.emulator.controllers.volumes.matching import SELECTED_NODE, class_of, find_volume, is_bound
from k8slab.emulator.machinery.controller import Desk, copy_of
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, namespace_of
from k8slab.kube.resources import CLAIMS, STORAGE_CLASSES, VOLUMES

_CONFLICT = Misfit(("node(s) had volume node affinity conflict",))
_NONE_TO_BIND = Misfit(("node(s) didn't find available persistent volumes to bind",))


class PodVolumes:
    """Knows claims, volumes and classes; finds what keeps a pod waiting."""

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._claims = desk.informer(CLAIMS)
        self._volumes = desk.informer(VOLUMES)
        self._classes = desk.informer(STORAGE_CLASSES)

    def problem(self, pod: Obj) -> str:
        """Return why no node at all will do; empty when nothing stands against it."""
        for name in claims_used(pod):
            claim = self._claims.get(namespace_of(pod), name)
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if dig(claim, "status", "phase") == "Lost":
                volume = claim["spec"]["volumeName"]
                return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
            if is_deleting(claim):
                return f'persistentvolumeclaim "{name}" is being deleted'
            if not is_bound(claim) and not self._waits_for_pod(claim):
                return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def _waits_for_pod(self, claim: Obj) -> bool:
        found = self._classes.get("", class_of(claim))
        return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _claims_of(self, pod: Obj) -> Sequence[Obj]:
        found = (self._claims.get(namespace_of(pod), name) for name in claims_used(pod))
        return [claim for claim in found if claim is not None]

    def misfit(self, pod: Obj, node: Obj) -> Misfit | None:
        """Return why the pod's volumes are not for a node."""
        for claim in self._claims_of(pod):
            if is_bound(claim):
                volume = self._volumes.get("", str(claim["spec"]["volumeName"]))
                if volume is not None and not _reaches(volume, node):
                    return _CONFLICT
            elif not self._may_bind(claim, node):
                return _NONE_TO_BIND
        return None

    def _may_bind(self, claim: Obj, node: Obj) -> bool:
        near = [volume for volume in self._volumes.objects() if _reaches(volume, node)]
        found = self._classes.get("", class_of(claim)) or {}
        can_make = found.get("provisioner") != "kubernetes.io/no-provisioner"
        return can_make or find_volume(claim, near, delayed=False) is not None

    async def select(self, pod: Obj, node: str) -> bool:
        """Name the node on claims that wait for it; tell whether all of the pod's claims are bound."""
        unbound = [claim for claim in self._claims_of(pod) if not is_bound(claim)]
        for claim in unbound:
            if annotations_of(claim).get(SELECTED_NODE) != node:
                changed = copy_of(claim)
                changed["metadata"].setdefault("annotations", {})[SELECTED_NODE] = node
                await self._api.update(CLAIMS, changed)
        return not unbound


def _reaches(volume: Obj, node: Obj) -> bool:
    required = dig(volume, "spec", "nodeAffinity", "required")
    if required is None:
        return True
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    return not affinity_misfit({"spec": {"affinity": affinity}}, node)
