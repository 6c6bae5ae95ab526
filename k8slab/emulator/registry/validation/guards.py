"""Rules of disruption budgets, quotas, limit ranges and priority classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.priority import SYSTEM_CLASSES
from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.values import one_of
from k8slab.emulator.registry.validation.workloads import int_or_percent
from k8slab.kube.objects import Obj, dig, name_of
from k8slab.kube.quantities import canonical_quantity, parse_quantity
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

_HIGHEST = 1_000_000_000
_SCOPES = ("BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating",
           "VolumeAttributesClass")  # fmt: skip
_OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_STANDARD = frozenset({
    "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
    "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "services",
    "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
})  # fmt: skip
# Resources that are counted, not measured (IsIntegerResourceName).
_WHOLE = frozenset({"pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps",
                    "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"})  # fmt: skip
_PERCENT_LIMIT = 100


def validate_budget(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a PodDisruptionBudget (pkg/apis/policy/validation)."""
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        shown = {
            "MinAvailable": spec["minAvailable"],
            "Selector": spec.get("selector"),
            "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        yield FieldError(INVALID, "spec", shown, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        yield from _share(spec.get(name), f"spec.{name}")
    yield from validate_label_selector(spec.get("selector") or {}, "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None:
        yield from one_of("spec.unhealthyPodEvictionPolicy", policy, ("AlwaysAllow", "IfHealthyBudget"))


def _share(value: Any, path: str) -> Iterator[FieldError]:
    found = list(int_or_percent(value, path))
    yield from found
    text = str(value)
    if not found and text.endswith("%") and int(text[:-1]) > _PERCENT_LIMIT:
        yield FieldError(INVALID, path, value, "must not be greater than 100%")


def validate_quota(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ResourceQuota (pkg/apis/core/validation)."""
    spec = obj.get("spec") or {}
    for name, amount in (spec.get("hard") or {}).items():
        path = f"spec.hard[{name}]"
        known = name in _STANDARD or name.startswith(("count/", "hugepages-", "requests.hugepages-"))
        if "/" not in name and not known:
            yield FieldError(INVALID, path, name, "must be a standard resource type or fully qualified")
            yield FieldError(INVALID, path, name, "must be a standard resource for quota")
        number = parse_quantity(str(amount))
        if number < 0:
            yield FieldError(INVALID, path, str(amount), "must be greater than or equal to 0")
        if (name in _WHOLE or name.startswith("count/")) and number != number.to_integral_value():
            yield FieldError(INVALID, path, canonical_quantity(str(amount)), "must be an integer")
    scopes = spec.get("scopes") or []
    for scope in scopes:
        if scope not in _SCOPES:
            yield FieldError(INVALID, "spec.scopes", scopes, "unsupported scope")
    if any(pair <= set(scopes) for pair in _OPPOSITES):
        yield FieldError(INVALID, "spec.scopes", scopes, "conflicting scopes")


def immutable_scopes(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the scopes of a quota changed."""
    after, before = (dig(obj, "spec", "scopes", default=[]) for obj in (new, old))
    if set(after) != set(before):
        yield FieldError(INVALID, "spec.scopes", after, "field is immutable")


def default_limit_range(obj: Obj) -> None:
    """Fill in a LimitRange: defaults follow the bounds (pkg/apis/core/v1/defaults.go)."""
    for item in dig(obj, "spec", "limits", default=[]):
        if item.get("type") != "Container":
            continue
        default = {**(item.get("max") or {}), **(item.get("default") or {})}
        request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
        for name, found in (("default", default), ("defaultRequest", request)):
            if found:
                item[name] = found


def validate_limit_range(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a LimitRange."""
    seen: set[str] = set()
    for index, limit in enumerate(dig(obj, "spec", "limits", default=[])):
        path, kind = f"spec.limits[{index}]", str(limit.get("type", ""))
        if kind in seen:
            yield FieldError(DUPLICATE, f"{path}.type", kind)
        seen.add(kind)
        if kind == "Pod":
            for name in ("default", "defaultRequest"):
                if limit.get(name):
                    yield FieldError(FORBIDDEN, f"{path}.{name}", detail="may not be specified when `type` is 'Pod'")
        elif kind == "PersistentVolumeClaim" and not any(
            "storage" in (limit.get(name) or {}) for name in ("min", "max")
        ):
            detail = "either minimum or maximum storage value is required, but neither was provided"
            yield FieldError(REQUIRED, f"{path}.limits", detail=detail)
        yield from _order(limit, path)


# The smaller, the larger, which of both the error is about, and their names.
_ORDERS = (
    ("min", "max", "min", "min value", "max value"),
    ("min", "defaultRequest", "defaultRequest", "min value", "default request value"),
    ("defaultRequest", "max", "defaultRequest", "default request value", "max value"),
    ("defaultRequest", "default", "defaultRequest", "default request value", "default limit value"),
    ("min", "default", "default", "min value", "default value"),
    ("default", "max", "default", "default value", "max value"),
)


def _order(limit: Obj, path: str) -> Iterator[FieldError]:
    bounds = {name: limit.get(name) or {} for name in ("min", "max", "default", "defaultRequest")}
    for resource in dict.fromkeys(name for found in bounds.values() for name in found):
        for low, high, field, low_name, high_name in _ORDERS:
            least, most = bounds[low].get(resource), bounds[high].get(resource)
            if least is None or most is None or parse_quantity(str(least)) <= parse_quantity(str(most)):
                continue
            # The value shown is the bound that stands in the way, as Kubernetes has it.
            value = {"default": least if low == "min" else most}.get(field, bounds[field].get(resource))
            detail = f"{low_name} {least} is greater than {high_name} {most}"
            yield FieldError(INVALID, f"{path}.{field}[{resource}]", str(value), detail)


def default_priority_class(obj: Obj) -> None:
    """Fill in a PriorityClass."""
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def validate_priority_class(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a PriorityClass (pkg/apis/scheduling/validation)."""
    name, value = name_of(obj), int(obj.get("value") or 0)
    if name.startswith("system-"):
        if SYSTEM_CLASSES.get(name) != value or obj.get("globalDefault"):
            cause = f"{name} is not a known system priority class"
            if name in SYSTEM_CLASSES and not obj.get("globalDefault"):
                cause = f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
            elif name in SYSTEM_CLASSES:
                cause = f"globalDefault of {name} PriorityClass must be false"
            detail = f"priority class names with 'system-' prefix are reserved for system use only. error: {cause}"
            yield FieldError(FORBIDDEN, "metadata.name", detail=detail)
    elif value > _HIGHEST:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST}"
        yield FieldError(FORBIDDEN, "value", detail=detail)
    yield from one_of("preemptionPolicy", obj.get("preemptionPolicy"), ("PreemptLowerPriority", "Never"))


def immutable_priority(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for what may not change in a PriorityClass."""
    if new.get("value", 0) != old.get("value", 0):
        yield FieldError(FORBIDDEN, "value", detail="may not be changed in an update.")
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        yield FieldError(INVALID, "preemptionPolicy", new.get("preemptionPolicy"), "field is immutable")
