"""Defaults and rules of HorizontalPodAutoscalers (pkg/apis/autoscaling)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.validation.policies import PATH_SEGMENT
from k8slab.emulator.registry.validation.values import one_of
from k8slab.kube.objects import Obj
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_FIELDS = {"ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods",
           "Resource": "resource"}  # fmt: skip
_TYPES = ("Utilization", "Value", "AverageValue")
_LONGEST_WINDOW = 3600
_UP: Obj = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
}
_DOWN: Obj = {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


def default_autoscaler(obj: Obj) -> None:
    """Fill in an autoscaler (pkg/apis/autoscaling/v2/defaults.go)."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        for name, rules in (("scaleUp", _UP), ("scaleDown", _DOWN)):
            behavior[name] = {**rules, **(behavior.get(name) or {})}


def validate_autoscaler(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an autoscaler."""
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas"), int(spec.get("maxReplicas") or 0)
    if least is not None and least < 1:
        yield FieldError(INVALID, "spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield FieldError(INVALID, "spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        yield FieldError(INVALID, "spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for name in ("kind", "name"):
        if not target.get(name):
            yield FieldError(REQUIRED, f"spec.scaleTargetRef.{name}")
        else:
            for problem in PATH_SEGMENT.problems(str(target[name])):
                yield FieldError(INVALID, f"spec.scaleTargetRef.{name}", target[name], problem)
    for index, metric in enumerate(spec.get("metrics") or []):
        yield from _metric(metric, f"spec.metrics[{index}]")
    for name in ("scaleUp", "scaleDown"):
        yield from _rules((spec.get("behavior") or {}).get(name), f"spec.behavior.{name}")


def _metric(metric: Obj, path: str) -> Iterator[FieldError]:
    kind = str(metric.get("type") or "")
    if not kind:
        yield FieldError(REQUIRED, f"{path}.type", detail="must specify a metric source type")
    yield from one_of(f"{path}.type", kind, tuple(_FIELDS))
    present = [field for field in ("object", "external", "pods", "resource", "containerResource") if metric.get(field)]
    if present[:1] == ["resource"]:
        yield from _resource(metric["resource"], f"{path}.resource")
    expected = _FIELDS.get(kind, "")
    if expected and expected not in present:
        detail = "must populate information for the given metric source"
        yield FieldError(REQUIRED, f"{path}.{expected}", detail=detail)
    for field in present:
        if len(present) != 1 and field != expected:
            yield FieldError(FORBIDDEN, f"{path}.{field}", detail="must populate the given metric source only")


def _resource(source: Obj, path: str) -> Iterator[FieldError]:
    if not source.get("name"):
        yield FieldError(REQUIRED, f"{path}.name", detail="must specify a resource name")
    target = source.get("target") or {}
    yield from _target(target, f"{path}.target")
    share, value = target.get("averageUtilization"), target.get("averageValue")
    if share is None and value is None:
        detail = "must set either a target raw value or a target utilization"
        yield FieldError(REQUIRED, f"{path}.target.averageUtilization", detail=detail)
    elif share is not None and value is not None:
        detail = "may not set both a target raw value and a target utilization"
        yield FieldError(FORBIDDEN, f"{path}.target.averageValue", detail=detail)


def _target(target: Obj, path: str) -> Iterator[FieldError]:
    kind = target.get("type") or ""
    if not kind:
        yield FieldError(REQUIRED, f"{path}.type", detail="must specify a metric target type")
    if kind not in _TYPES:
        yield FieldError(INVALID, f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        amount: Any = target.get(name)
        if amount is not None and parse_quantity(str(amount)) <= 0:
            yield FieldError(INVALID, f"{path}.{name}", str(amount), "must be positive")
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        yield FieldError(INVALID, f"{path}.averageUtilization", share, "must be greater than 0")


def _rules(rules: Obj | None, path: str) -> Iterator[FieldError]:
    if rules is None:
        return
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield FieldError(INVALID, f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > _LONGEST_WINDOW:
        detail = f"must be less than or equal to {_LONGEST_WINDOW}"
        yield FieldError(INVALID, f"{path}.stabilizationWindowSeconds", window, detail)
    if rules.get("selectPolicy") is not None:
        yield from one_of(f"{path}.selectPolicy", rules["selectPolicy"], ("Disabled", "Max", "Min"))
    if not rules.get("policies"):
        yield FieldError(REQUIRED, f"{path}.policies", detail="must specify at least one Policy")
