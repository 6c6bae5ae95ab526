"""Which volume a claim may have (pkg/controller/volume/persistentvolume/index.go, FindMatchingVolume). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, labels_of, name_of, namespace_of, uid_of
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.selectors import label_selector_of

BIND_COMPLETED, BOUND_BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY, SELECTED_NODE = "pv.kubernetes.io/provisioned-by", "volume.kubernetes.io/selected-node"
PROVISIONERS = ("volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner")
_CLASS = "volume.beta.kubernetes.io/storage-class"


def class_of(obj: Obj) -> str:
    """Return the storage class of a claim or volume; empty for none."""
    return str(annotations_of(obj).get(_CLASS) or dig(obj, "spec", "storageClassName", default=""))


def is_bound(claim: Obj) -> bool:
    """Tell whether the binding of a claim is complete."""
    return BIND_COMPLETED in annotations_of(claim) and bool(dig(claim, "spec", "volumeName"))


def is_delayed(claim: Obj, storage_class: Obj | None) -> bool:
    """Tell whether a claim waits for the pod that uses it first."""
    waits = storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    return waits and SELECTED_NODE not in annotations_of(claim)


def names_claim(volume: Obj, claim: Obj) -> bool:
    """Tell whether a volume is for that claim (and not for one that had its name before)."""
    reference = dig(volume, "spec", "claimRef")
    if reference is None:
        return False
    place = (reference.get("namespace"), reference.get("name")) == (namespace_of(claim), name_of(claim))
    return place and reference.get("uid") in (None, "", uid_of(claim))


def asked(claim: Obj) -> Decimal:
    """Return how much storage a claim asks for."""
    return parse_quantity(str(dig(claim, "spec", "resources", "requests", "storage", default="0")))


def capacity(volume: Obj) -> Decimal:
    """Return how much storage a volume has."""
    return parse_quantity(str(dig(volume, "spec", "capacity", "storage", default="0")))


def find_volume(claim: Obj, volumes: Iterable[Obj], *, delayed: bool) -> Obj | None:
    """Return the volume that names the claim, or the smallest free one that fits; None when there is none."""
    fitting = []
    for volume in volumes:
        if names_claim(volume, claim):
            return volume
        if not delayed and _fits(claim, volume):
            fitting.append(volume)
    return min(fitting, key=lambda volume: (capacity(volume), name_of(volume)), default=None)


def _fits(claim: Obj, volume: Obj) -> bool:
    spec, wanted = volume.get("spec") or {}, claim.get("spec") or {}
    if spec.get("claimRef") is not None or is_deleting(volume) or class_of(volume) != class_of(claim):
        return False
    if spec.get("volumeMode") != wanted.get("volumeMode"):
        return False
    if not set(wanted.get("accessModes") or []) <= set(spec.get("accessModes") or []):
        return False
    if wanted.get("selector") is not None and not label_selector_of(wanted["selector"]).matches(labels_of(volume)):
        return False
    return capacity(volume) >= asked(claim)


def reference_to(claim: Obj) -> Obj:
    """Return the ``claimRef`` of a volume that is bound to a claim."""
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": namespace_of(claim),
        "name": name_of(claim),
        "uid": uid_of(claim),
        "apiVersion": "v1",
        "resourceVersion": str(claim["metadata"]["resourceVersion"]),
    }
