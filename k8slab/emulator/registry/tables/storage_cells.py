"""What kubectl shows of volumes, claims, storage classes and CSI objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.columns import AGE, NAME, Column
from k8slab.emulator.registry.tables.words import NONE, created
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, name_of

_UNSET = "<unset>"
_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


_MODE = Column("VolumeMode", priority=1)
STORAGE_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "persistentvolumes": (
        NAME,
        *_columns("Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass",
                  "VolumeAttributesClass", "Reason"),
        AGE, _MODE,
    ),
    "persistentvolumeclaims": (
        NAME, *_columns("Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass"), AGE,
        _MODE,
    ),
    "storageclasses.storage.k8s.io": (
        NAME, *_columns("Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion"), AGE,
    ),
    "volumeattributesclasses.storage.k8s.io": (NAME, Column("DriverName"), AGE),
    "volumeattachments.storage.k8s.io": (
        NAME, Column("Attacher", format="name"), *_columns("PV", "Node"), Column("Attached", "boolean"), AGE,
    ),
    "csinodes.storage.k8s.io": (NAME, Column("Drivers", "integer"), AGE),
    "csidrivers.storage.k8s.io": (
        NAME, *(Column(name, "boolean") for name in ("AttachRequired", "PodInfoOnMount", "StorageCapacity")),
        Column("TokenRequests"), Column("RequiresRepublish", "boolean"), Column("Modes"), AGE,
    ),
    "csistoragecapacities.storage.k8s.io": (NAME, *_columns("StorageClassName", "Capacity")),
}  # fmt: skip


def access_modes(modes: Sequence[str]) -> str:
    """Return modes in kubectl's short form and order."""
    return ",".join(short for mode, short in _MODES.items() if mode in modes)


def _class(obj: Obj) -> str:
    return str(annotations_of(obj).get(_CLASS) or dig(obj, "spec", "storageClassName", default=""))


def _phase(obj: Obj) -> str:
    return "Terminating" if is_deleting(obj) else str(dig(obj, "status", "phase", default=""))


def _volume(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    claim = spec.get("claimRef")
    return [
        name_of(obj), str(dig(spec, "capacity", "storage", default="0")), access_modes(spec.get("accessModes") or []),
        spec.get("persistentVolumeReclaimPolicy", ""), _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "", _class(obj),
        spec.get("volumeAttributesClassName") or _UNSET, dig(obj, "status", "reason", default=""), created(obj, now),
        spec.get("volumeMode") or _UNSET,
    ]  # fmt: skip


def _claim(obj: Obj, now: datetime) -> list[Any]:
    spec, bound = obj.get("spec") or {}, bool(dig(obj, "spec", "volumeName"))
    return [
        name_of(obj), _phase(obj), spec.get("volumeName", ""),
        str(dig(obj, "status", "capacity", "storage", default="0")) if bound else "",
        access_modes(dig(obj, "status", "accessModes", default=[])) if bound else "", _class(obj),
        spec.get("volumeAttributesClassName") or _UNSET, created(obj, now), spec.get("volumeMode") or _UNSET,
    ]  # fmt: skip


def _storage_class(obj: Obj, now: datetime) -> list[Any]:
    default = any(annotations_of(obj).get(name) == "true" for name in _DEFAULT)
    return [
        f"{name_of(obj)} (default)" if default else name_of(obj), obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"), obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion")), created(obj, now),
    ]  # fmt: skip


def _attachment(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    return [
        name_of(obj), spec.get("attacher", ""), dig(spec, "source", "persistentVolumeName", default=""),
        spec.get("nodeName", ""), bool(dig(obj, "status", "attached")), created(obj, now),
    ]  # fmt: skip


def _driver(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    tokens = spec.get("tokenRequests")
    return [
        name_of(obj), spec.get("attachRequired", True), bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        _UNSET if tokens is None else ",".join(entry.get("audience", "") for entry in tokens),
        bool(spec.get("requiresRepublish")), ",".join(spec.get("volumeLifecycleModes") or []) or NONE,
        created(obj, now),
    ]  # fmt: skip


STORAGE_CELLS: Mapping[str, Callable[[Obj, datetime], list[Any]]] = {
    "persistentvolumes": _volume,
    "persistentvolumeclaims": _claim,
    "storageclasses.storage.k8s.io": _storage_class,
    "volumeattributesclasses.storage.k8s.io": lambda obj, now: [
        name_of(obj), obj.get("driverName", ""), created(obj, now),
    ],
    "volumeattachments.storage.k8s.io": _attachment,
    "csinodes.storage.k8s.io": lambda obj, now: [
        name_of(obj), len(dig(obj, "spec", "drivers", default=[])), created(obj, now),
    ],
    "csidrivers.storage.k8s.io": _driver,
    "csistoragecapacities.storage.k8s.io": lambda obj, _now: [
        name_of(obj), obj.get("storageClassName", ""), obj.get("capacity", _UNSET),
    ],
}  # fmt: skip
