"""The ``/scale`` of Deployments, StatefulSets and their like: an autoscaling/v1 Scale over the object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8slab.emulator.registry.tables.words import NONE, format_selector
from k8slab.kube.custom.jsonpath import find
from k8slab.kube.objects import Obj, dig, metadata
from k8slab.kube.resources import Resource
from k8slab.kube.status import INVALID, FieldError, invalid


def scale_of(obj: Obj, resource: Resource) -> Obj:
    """Return the Scale of a workload, or of a custom object whose definition says where its numbers stand."""
    meta = obj["metadata"]
    kept = {
        key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in meta
    }
    replicas, current, selector = _custom_numbers(obj, resource) if resource.custom else _numbers(obj)
    status: Obj = {"replicas": current}
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def _numbers(obj: Obj) -> tuple[int, int, str]:
    selector = format_selector(_selector(obj))
    wanted, current = dig(obj, "spec", "replicas", default=0), dig(obj, "status", "replicas", default=0)
    return wanted, current, "" if selector == NONE else selector


def _custom_numbers(obj: Obj, resource: Resource) -> tuple[int, int, str]:
    wanted, current, selector = (_first(obj, path) for path in _scale_paths(resource))
    return int(wanted or 0), int(current or 0), str(selector or "")


def _scale_paths(resource: Resource) -> tuple[str, str, str]:
    paths = (resource.custom.scale if resource.custom else None) or {}
    wanted, current = str(paths.get("specReplicasPath", "")), str(paths.get("statusReplicasPath", ""))
    return wanted, current, str(paths.get("labelSelectorPath", ""))


def _first(obj: Obj, path: str) -> Any:
    return next(iter(find(obj, path)), None) if path else None


def _selector(obj: Obj) -> Obj:
    found: Obj = dig(obj, "spec", "selector", default={})
    return {"matchLabels": found} if obj.get("kind") == "ReplicationController" else found


def scaled(obj: Obj, scale: Obj, resource: Resource) -> Obj:
    """Return the workload with the replicas of a Scale; raises 422."""
    replicas = dig(scale, "spec", "replicas", default=0)
    if replicas < 0:
        error = FieldError(INVALID, "spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("autoscaling", "Scale", obj["metadata"]["name"], [error])
    version = metadata(scale).get("resourceVersion")
    path = _scale_paths(resource)[0] if resource.custom else ".spec.replicas"
    changed = _with(obj, path.strip(".").split("."), replicas)
    changed["metadata"] = dict(obj["metadata"])
    if version:
        changed["metadata"]["resourceVersion"] = version
    return changed


def _with(obj: Obj, path: Sequence[str], value: Any) -> Obj:
    """Return a copy with a value at a path."""
    if len(path) == 1:
        return {**obj, path[0]: value}
    return {**obj, path[0]: _with(obj.get(path[0]) or {}, path[1:], value)}
