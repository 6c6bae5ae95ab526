"""Rules of volumes, claims and storage classes (pkg/apis/core/validation, pkg/apis/storage/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.names import SUBDOMAIN, check, qualified_name_problems
from k8slab.emulator.registry.validation.values import no_steps_back, one_of
from k8slab.kube.objects import Obj, dig
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.schema.internal import difference, internal_claim_spec
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError

_ACCESS = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_MODES = ("Block", "Filesystem")
_RECLAIM = ("Delete", "Recycle", "Retain")
_POSITIVE = "must be greater than zero"
_NOT_A_SOURCE = frozenset({
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName", "volumeMode",
})  # fmt: skip
_CHANGED = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def _access_modes(modes: Sequence[str], path: str) -> Iterator[FieldError]:
    for mode in modes:
        yield from one_of(path, mode, _ACCESS)
    if "ReadWriteOncePod" in modes and set(modes) & set(_ACCESS) - {"ReadWriteOncePod"}:
        yield FieldError(FORBIDDEN, path, detail="may not use ReadWriteOncePod with other access modes")


def _positive(path: str, amount: Any) -> Iterator[FieldError]:
    if parse_quantity(str(amount)) <= 0:
        yield FieldError(INVALID, path, str(amount), _POSITIVE)


def validate_claim(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a PersistentVolumeClaim."""
    yield from validate_claim_spec(obj.get("spec") or {}, "spec")


def validate_claim_spec(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the spec of a claim."""
    modes = spec.get("accessModes") or []
    if not modes:
        yield FieldError(REQUIRED, f"{path}.accessModes", detail="at least 1 access mode is required")
    if spec.get("selector") is not None:
        yield from validate_label_selector(spec["selector"], f"{path}.selector")
    yield from _access_modes(modes, f"{path}.accessModes")
    amount = dig(spec, "resources", "requests", "storage")
    if amount is None:
        yield FieldError(REQUIRED, f"{path}.resources[storage]")
    else:
        yield from _positive(f"{path}.resources[storage]", amount)
    if spec.get("storageClassName"):
        yield from check(SUBDOMAIN, f"{path}.storageClassName", spec["storageClassName"])
    if spec.get("volumeMode") is not None:
        yield from one_of(f"{path}.volumeMode", spec["volumeMode"], _MODES)


def validate_claim_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for what may not change in a claim."""
    if _fixed(new, old) != _fixed(old, old):
        shown = difference(internal_claim_spec(old["spec"]), internal_claim_spec({**old["spec"], **_fixed(new, old)}))
        yield FieldError(FORBIDDEN, "spec", detail=f"{_CHANGED}\n{shown}")
    asked, before, held = (
        parse_quantity(str(value))
        for value in (
            dig(new, "spec", "resources", "requests", "storage", default=0),
            dig(old, "spec", "resources", "requests", "storage", default=0),
            dig(old, "status", "capacity", "storage", default=0),
        )
    )
    if asked < before and asked <= held:
        detail = "field can not be less than status.capacity"
        yield FieldError(FORBIDDEN, "spec.resources.requests.storage", detail=detail)
    yield from _same(new, old, "volumeMode", "volumeMode")


def _fixed(obj: Obj, old: Obj) -> Obj:
    """Return what of a claim's spec must stay; a claim without volume gets one, a bound one may grow."""
    spec = dict(obj.get("spec") or {})
    if not dig(old, "spec", "volumeName"):
        spec.pop("volumeName", None)
    if dig(old, "spec", "storageClassName") is None:
        spec.pop("storageClassName", None)
    if dig(old, "status", "phase") == "Bound":
        spec.pop("resources", None)
        spec.pop("volumeAttributesClassName", None)
    return spec


def _same(new: Obj, old: Obj, name: str, path: str) -> Iterator[FieldError]:
    if dig(new, "spec", name) != dig(old, "spec", name):
        yield FieldError(INVALID, path, dig(new, "spec", name), "field is immutable")


def validate_volume(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a PersistentVolume."""
    spec = obj.get("spec") or {}
    modes = spec.get("accessModes") or []
    if not modes:
        yield FieldError(REQUIRED, "spec.accessModes")
    yield from _access_modes(modes, "spec.accessModes")
    yield from _capacity(spec.get("capacity") or {})
    if spec.get("persistentVolumeReclaimPolicy"):
        yield from one_of("spec.persistentVolumeReclaimPolicy", spec["persistentVolumeReclaimPolicy"], _RECLAIM)
    yield from _source(spec)
    if spec.get("storageClassName"):
        yield from check(SUBDOMAIN, "spec.storageClassName", spec["storageClassName"])
    if spec.get("volumeMode") is not None:
        yield from one_of("spec.volumeMode", spec["volumeMode"], _MODES)


def _capacity(capacity: Obj) -> Iterator[FieldError]:
    if not capacity:
        yield FieldError(REQUIRED, "spec.capacity")
    if set(capacity) != {"storage"}:
        yield FieldError(NOT_SUPPORTED, "spec.capacity", capacity or None, 'supported values: "storage"')
    for name, amount in capacity.items():
        path, number = f"spec.capacity[{name}]", parse_quantity(str(amount))
        if number < 0:
            yield FieldError(INVALID, path, int(number), "must be a valid resource quantity")
        yield from _positive(path, amount)


def _source(spec: Obj) -> Iterator[FieldError]:
    sources = [name for name in spec if name not in _NOT_A_SOURCE and spec[name] is not None]
    for name in sources[1:]:
        yield FieldError(FORBIDDEN, f"spec.{name}", detail="may not specify more than 1 volume type")
    for name in ("hostPath", "local"):
        if name in sources[:1]:
            path = str(spec[name].get("path") or "")
            if not path:
                yield FieldError(REQUIRED, f"spec.{name}.path")
            yield from no_steps_back(f"spec.{name}.path", path)
    if sources[:1] == ["local"] and not dig(spec, "nodeAffinity", "required"):
        yield FieldError(REQUIRED, "spec.nodeAffinity", detail="Local volume requires node affinity")
    if not sources:
        yield FieldError(REQUIRED, "spec", detail="must specify a volume type")


def validate_volume_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for what may not change in a volume."""
    after, before = (
        {name: value for name, value in (obj.get("spec") or {}).items() if name not in _NOT_A_SOURCE}
        for obj in (new, old)
    )
    if after != before:
        detail = "spec.persistentvolumesource is immutable after creation"
        yield FieldError(FORBIDDEN, "spec.persistentvolumesource", detail=detail)
    yield from _same(new, old, "volumeMode", "volumeMode")
    if dig(old, "spec", "nodeAffinity") is not None:
        yield from _same(new, old, "nodeAffinity", "nodeAffinity")


def validate_storage_class(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a StorageClass."""
    provisioner = obj.get("provisioner") or ""
    if not provisioner:
        yield FieldError(REQUIRED, "provisioner")
    else:
        for problem in qualified_name_problems(provisioner.lower()):
            yield FieldError(INVALID, "provisioner", provisioner, problem)
    for name in obj.get("parameters") or {}:
        if not name:
            yield FieldError(INVALID, "parameters", name, "field can not be empty")
    yield from one_of("reclaimPolicy", obj.get("reclaimPolicy"), ("Delete", "Retain"))
    yield from one_of("volumeBindingMode", obj.get("volumeBindingMode"), ("Immediate", "WaitForFirstConsumer"))


def immutable_storage_class(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for what may not change in a StorageClass."""
    for name in ("parameters", "provisioner", "reclaimPolicy"):
        if new.get(name) != old.get(name):
            yield FieldError(FORBIDDEN, name, detail=f"updates to {name} are forbidden.")
    if new.get("volumeBindingMode") != old.get("volumeBindingMode"):
        yield FieldError(INVALID, "volumeBindingMode", new.get("volumeBindingMode"), "field is immutable")
