"""What kubectl shows of a HorizontalPodAutoscaler (formatHPAMetrics of the server's printers)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.columns import AGE, NAME, Column
from k8slab.emulator.registry.tables.words import NONE, created
from k8slab.kube.objects import Obj, dig, name_of

AUTOSCALER = (
    NAME, Column("Reference"), Column("Targets"), Column("MinPods"), Column("MaxPods"), Column("Replicas"), AGE,
)  # fmt: skip
_SHOWN = 2
_UNKNOWN = "<unknown>"
# The field of each metric type, and whether its name stands before its value.
_SOURCES = {"External": "external", "Pods": "pods", "Object": "object", "Resource": "resource",
            "ContainerResource": "containerResource"}  # fmt: skip


def autoscaler_cells(obj: Obj, now: datetime) -> list[Any]:
    """Return the cells of an autoscaler's row."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    least = spec.get("minReplicas")
    return [
        name_of(obj), f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or [], status.get("currentMetrics") or []),
        "<unset>" if least is None else str(least), spec.get("maxReplicas", 0), status.get("currentReplicas", 0),
        created(obj, now),
    ]  # fmt: skip


def _metrics(specs: list[Obj], statuses: list[Obj]) -> str:
    shown = [_metric(spec, statuses[index] if index < len(statuses) else {}) for index, spec in enumerate(specs)]
    text = ", ".join(shown[:_SHOWN]) or NONE
    return f"{text} + {len(shown) - _SHOWN} more..." if len(shown) > _SHOWN else text


def _metric(spec: Obj, status: Obj) -> str:
    field = _SOURCES.get(str(spec.get("type")), "")
    if not field:
        return "<unknown type>"
    target, current = dig(spec, field, "target", default={}), dig(status, field, "current", default={})
    if field in ("resource", "containerResource"):
        return f"{dig(spec, field, 'name')}: {_resource(target, current)}"
    if field == "pods":
        return f"{current.get('averageValue', _UNKNOWN)}/{target.get('averageValue')}"
    if target.get("averageValue") is not None:
        return f"{current.get('averageValue', _UNKNOWN)}/{target['averageValue']} (avg)"
    return f"{current.get('value', _UNKNOWN)}/{target.get('value')}"


def _resource(target: Obj, current: Obj) -> str:
    if target.get("averageValue") is not None:
        return f"{current.get('averageValue', _UNKNOWN)}/{target['averageValue']}"
    used, wanted = current.get("averageUtilization"), target.get("averageUtilization")
    return f"{_UNKNOWN if used is None else f'{used}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
