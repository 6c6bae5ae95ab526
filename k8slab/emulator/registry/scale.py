"""The ``/scale`` of Deployments, StatefulSets and their like: an autoscaling/v1 Scale over the object."""

from __future__ import annotations

from k8slab.emulator.registry.tables.words import NONE, format_selector
from k8slab.kube.objects import Obj, dig, metadata
from k8slab.kube.status import INVALID, FieldError, invalid


def scale_of(obj: Obj) -> Obj:
    """Return the Scale of a workload."""
    meta = obj["metadata"]
    kept = {
        key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in meta
    }
    status: Obj = {"replicas": dig(obj, "status", "replicas", default=0)}
    selector = format_selector(_selector(obj))
    if selector != NONE:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept,
        "spec": {"replicas": dig(obj, "spec", "replicas", default=0)},
        "status": status,
    }


def _selector(obj: Obj) -> Obj:
    found: Obj = dig(obj, "spec", "selector", default={})
    return {"matchLabels": found} if obj.get("kind") == "ReplicationController" else found


def scaled(obj: Obj, scale: Obj) -> Obj:
    """Return the workload with the replicas of a Scale; raises 422."""
    replicas = dig(scale, "spec", "replicas", default=0)
    if replicas < 0:
        error = FieldError(INVALID, "spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("autoscaling", "Scale", obj["metadata"]["name"], [error])
    version = metadata(scale).get("resourceVersion")
    changed = {**obj, "spec": {**obj["spec"], "replicas": replicas}, "metadata": dict(obj["metadata"])}
    if version:
        changed["metadata"]["resourceVersion"] = version
    return changed
