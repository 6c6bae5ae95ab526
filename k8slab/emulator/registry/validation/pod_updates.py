"""What may change in a pod that is there (ValidatePodUpdate of k8s.io/kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.values import in_range
from k8slab.kube.objects import Obj
from k8slab.kube.schema.internal import difference, internal_pod_spec
from k8slab.kube.status import FORBIDDEN, INVALID, FieldError

_ONLY_LESS = "must be less than or equal to previous value"
_MUTABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when more than images, tolerations or the deadline changed."""
    for field in ("containers", "initContainers"):
        if len(new["spec"].get(field) or []) != len(old["spec"].get(field) or []):
            yield FieldError(FORBIDDEN, f"spec.{field}", detail="pod updates may not add or remove containers")
            return
    yield from _deadline(new["spec"].get("activeDeadlineSeconds"), old["spec"].get("activeDeadlineSeconds"))
    yield from _tolerations(new["spec"].get("tolerations") or [], old["spec"].get("tolerations") or [])
    before, after = (entry["spec"].get("schedulingGates") or [] for entry in (old, new))
    if any(gate not in before for gate in after):
        detail = "only deletion is allowed, but found new scheduling gate"
        yield FieldError(FORBIDDEN, "spec.schedulingGates", detail=detail)
    allowed = _with_what_may_change(new["spec"], old["spec"])
    if allowed != old["spec"]:
        yield FieldError(FORBIDDEN, "spec", detail=f"{_MUTABLE}\n{_difference(old['spec'], allowed)}")


def _deadline(after: int | None, before: int | None) -> Iterator[FieldError]:
    path = "spec.activeDeadlineSeconds"
    if after is not None:
        yield from in_range(path, after)
        if before is not None and after > before:
            yield FieldError(INVALID, path, after, _ONLY_LESS)
    elif before is not None:
        yield FieldError(INVALID, path, None, "must not update from a positive integer to nil value")


def _tolerations(after: Sequence[Obj], before: Sequence[Obj]) -> Iterator[FieldError]:
    kept = [{key: value for key, value in entry.items() if key != "tolerationSeconds"} for entry in after]
    for entry in before:
        if {key: value for key, value in entry.items() if key != "tolerationSeconds"} not in kept:
            detail = "existing toleration can not be modified except its tolerationSeconds"
            yield FieldError(FORBIDDEN, "spec.tolerations", detail=detail)
            return


def _with_what_may_change(new: Obj, old: Obj) -> Obj:
    """Return the new spec with the old values wherever a change is allowed: what still differs is not."""
    spec = copy.deepcopy(new)
    for field in ("containers", "initContainers"):
        for container, before in zip(spec.get(field) or [], old.get(field) or [], strict=False):
            container["image"] = before.get("image", "")
    for field in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
        spec.pop(field, None)
        if field in old:
            spec[field] = old[field]
    grace = "terminationGracePeriodSeconds"
    if (old.get(grace) or 0) < 0 and new.get(grace) == 1:
        spec[grace] = old[grace]
    return spec


def _difference(old: Obj, new: Obj) -> str:
    return difference(internal_pod_spec(old), internal_pod_spec(new))
