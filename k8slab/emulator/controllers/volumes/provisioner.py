"""The provisioner of the class ``standard``: a folder on the node for each claim (rancher.io/local-path)."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.emulator.controllers.volumes.matching import (
    PROVISIONED_BY,
    PROVISIONERS,
    SELECTED_NODE,
    class_of,
    is_bound,
    names_claim,
    reference_to,
)
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import CLAIMS, STORAGE_CLASSES, VOLUMES
from k8slab.kube.status import ApiError

PROVISIONER = "rancher.io/local-path"
FOLDER = "/var/local-path-provisioner"


class LocalProvisioner:
    """Makes a volume for each claim that asks for one, and removes released ones that are to be deleted."""

    name = PROVISIONER
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._claims = desk.informer(CLAIMS)
        self._volumes = desk.informer(VOLUMES)
        self._classes = desk.informer(STORAGE_CLASSES)
        self._recorder = desk.recorder(self.name)

    def watches(self) -> Sequence[Watch]:
        """React to claims and to volumes (whose keys have no namespace)."""
        return (Watch(CLAIMS, own_key), Watch(VOLUMES, own_key))

    async def sync(self, key: ObjectKey) -> Result:
        """Serve one claim or one volume."""
        if not key.namespace:
            await self._remove(key.name)
            return DONE
        claim = self._claims.get(*key)
        if claim is None or is_bound(claim) or is_deleting(claim) or not self._is_mine(claim):
            return DONE
        storage_class = self._classes.get("", class_of(claim))
        name = f"pvc-{uid_of(claim)}"
        if storage_class is None or self._volumes.get("", name) is not None:
            return DONE
        self._recorder.event(
            claim, "Normal", "Provisioning",
            f'External provisioner is provisioning volume for claim "{namespace_of(claim)}/{name_of(claim)}"',
        )  # fmt: skip
        node = annotations_of(claim).get(SELECTED_NODE)
        if not node:
            words = (
                f'failed to provision volume with StorageClass "{name_of(storage_class)}": '
                "configuration error, no node was specified"
            )
            self._recorder.event(claim, "Warning", "ProvisioningFailed", words)
            return Result(15.0)
        await self._create(_volume(name, claim, storage_class, node))
        self._recorder.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
        return DONE

    def _is_mine(self, claim: Obj) -> bool:
        return annotations_of(claim).get(PROVISIONERS[1]) == PROVISIONER

    async def _create(self, volume: Obj) -> None:
        try:
            await self._api.create(VOLUMES, volume)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise

    async def _remove(self, name: str) -> None:
        volume = self._volumes.get("", name)
        if volume is None or annotations_of(volume).get(PROVISIONED_BY) != PROVISIONER or is_deleting(volume):
            return
        released = dig(volume, "status", "phase") == "Released"
        if (
            released
            and dig(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete"
            and not self._has_claim(volume)
        ):
            await self._api.delete(VOLUMES, "", name)

    def _has_claim(self, volume: Obj) -> bool:
        reference = dig(volume, "spec", "claimRef", default={})
        claim = self._claims.get(str(reference.get("namespace", "")), str(reference.get("name", "")))
        return claim is not None and names_claim(volume, claim)


def _volume(name: str, claim: Obj, storage_class: Obj, node: str) -> Obj:
    spec = claim["spec"]
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    path = f"{FOLDER}/{name}_{namespace_of(claim)}_{name_of(claim)}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
            "accessModes": spec["accessModes"],
            "claimRef": reference_to(claim),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": name_of(storage_class),
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
        },
    }
