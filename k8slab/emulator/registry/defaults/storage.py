"""Defaults of volumes, claims and storage classes (pkg/apis/core/v1/defaults.go, pkg/apis/storage/v1/defaults.go)."""

from __future__ import annotations

from k8slab.kube.objects import Obj


def default_claim(obj: Obj) -> None:
    """Fill in a PersistentVolumeClaim or a claim template."""
    obj.setdefault("status", {}).setdefault("phase", "Pending")
    default_claim_spec(obj.setdefault("spec", {}))


def default_claim_spec(spec: Obj) -> None:
    """Fill in the spec of a claim."""
    spec.setdefault("volumeMode", "Filesystem")
    spec.setdefault("resources", {})


def default_volume(obj: Obj) -> None:
    """Fill in a PersistentVolume."""
    obj.setdefault("status", {}).setdefault("phase", "Pending")
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if spec.get("hostPath") is not None:
        spec["hostPath"].setdefault("type", "")


def default_storage_class(obj: Obj) -> None:
    """Fill in a StorageClass."""
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")
