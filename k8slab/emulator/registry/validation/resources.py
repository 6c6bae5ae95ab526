"""Rules of a container's resources (ValidateContainerResourceRequirements of pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.registry.validation.names import qualified_name_problems
from k8slab.emulator.registry.validation.values import NOT_NEGATIVE
from k8slab.kube.objects import Obj
from k8slab.kube.quantities import canonical_quantity, parse_quantity
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_STANDARD = frozenset({"cpu", "memory", "ephemeral-storage"})
_ALSO_KNOWN = frozenset({"pods", "services", "storage", "requests.cpu", "requests.memory", "limits.cpu",
                         "limits.memory", "persistentvolumeclaims", "configmaps", "secrets"})  # fmt: skip


def validate_resources(resources: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with limits and requests."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, values in (("limits", limits), ("requests", requests)):
        for name, value in values.items():
            where = f"{path}.{field}[{name}]"
            yield from _name(name, where)
            yield from _amount(name, value, where)
    for name, value in requests.items():
        if name in limits and parse_quantity(value) > parse_quantity(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            yield FieldError(INVALID, f"{path}.requests", value, detail)
        elif name not in limits and _never_shared(name):
            yield FieldError(REQUIRED, f"{path}.limits", detail="Limit must be set for non overcommitable resources")
    named = {*limits, *requests}
    if any(name.startswith("hugepages-") for name in named) and not named & {"cpu", "memory"}:
        yield FieldError(FORBIDDEN, path, detail="HugePages require cpu or memory")


def _never_shared(name: str) -> bool:
    # Extended resources and huge pages are not overcommitted (helper.IsOvercommitAllowed).
    return name.startswith("hugepages-") or ("/" in name and "kubernetes.io/" not in name)


def _standard(name: str) -> bool:
    return name in _STANDARD or name.startswith("hugepages-")


def _name(name: str, path: str) -> Iterator[FieldError]:
    for problem in qualified_name_problems(name):
        yield FieldError(INVALID, path, name, problem)
    if "/" not in name:
        if not _standard(name) and name not in _ALSO_KNOWN:
            yield FieldError(INVALID, path, name, "must be a standard resource type or fully qualified")
        if not _standard(name):
            yield FieldError(INVALID, path, name, "must be a standard resource for containers")


def _amount(name: str, value: str, path: str) -> Iterator[FieldError]:
    number = parse_quantity(value)
    if number < 0:
        yield FieldError(INVALID, path, value, NOT_NEGATIVE)
    if "/" in name and number != number.to_integral_value():
        yield FieldError(INVALID, path, canonical_quantity(value), "must be an integer")
