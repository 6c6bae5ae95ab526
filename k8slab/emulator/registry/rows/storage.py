"""Strategies of volumes, claims, storage classes and CSI objects."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.clock import timestamp
from k8slab.emulator.registry.defaults.storage import default_claim, default_storage_class, default_volume
from k8slab.emulator.registry.strategy import Context, Strategy
from k8slab.emulator.registry.validation.claims import (
    immutable_storage_class,
    validate_claim,
    validate_claim_update,
    validate_storage_class,
    validate_volume,
    validate_volume_update,
)
from k8slab.kube.objects import Obj, metadata

# Admission (StorageObjectInUseProtection) puts these on; a controller takes them off when nothing uses the object.
CLAIM_PROTECTION, VOLUME_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"


def _protect(obj: Obj, finalizer: str) -> None:
    found = metadata(obj).setdefault("finalizers", [])
    if finalizer not in found:
        found.append(finalizer)


def _create_claim(obj: Obj, _context: Context) -> None:
    obj["status"] = {"phase": "Pending"}
    _protect(obj, CLAIM_PROTECTION)


def _create_volume(obj: Obj, context: Context) -> None:
    obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": timestamp(context.clock.now())}
    _protect(obj, VOLUME_PROTECTION)


STORAGE: Mapping[str, Strategy] = {
    "persistentvolumeclaims": Strategy(
        defaults=default_claim, create=_create_claim, validate=validate_claim, validate_update=validate_claim_update,
        has_status=True,
    ),
    "persistentvolumes": Strategy(
        defaults=default_volume, create=_create_volume, validate=validate_volume,
        validate_update=validate_volume_update, has_status=True,
    ),
    "storageclasses.storage.k8s.io": Strategy(
        defaults=default_storage_class, validate=validate_storage_class, validate_update=immutable_storage_class
    ),
    "volumeattachments.storage.k8s.io": Strategy(has_status=True, initial_status={"attached": False}),
}  # fmt: skip
