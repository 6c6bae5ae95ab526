"""Parts of objects that are read and written on their own: scale, binding, eviction."""

from __future__ import annotations

import orjson

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import DeleteOptions, Preconditions
from k8slab.emulator.registry.scale import scale_of, scaled
from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj, annotations_of, dig, find_condition, labels_of, metadata, name_of
from k8slab.kube.resources import Resource
from k8slab.kube.status import conflict

__all__ = ["bound", "eviction_options", "scaled", "view"]


def view(entry: Entry, subresource: str, resource: Resource) -> Entry:
    """Return what a GET of the part shows (all parts but ``scale`` show the object)."""
    if subresource != "scale":
        return entry
    return Entry(entry.key, entry.revision, orjson.dumps(scale_of(entry.decode(), resource)))


def bound(pod: Obj, binding: Obj, clock: Clock) -> Obj:
    """Return a pod bound to the node of a Binding; raises 409 when it has one (registry/core/pod/storage)."""
    node = str(dig(binding, "target", "name", default=""))
    if dig(pod, "spec", "nodeName"):
        raise conflict(
            "",
            "pods/binding",
            name_of(pod),
            f'pod {name_of(pod)} is already assigned to node "{pod["spec"]["nodeName"]}"',
        )
    pod["spec"]["nodeName"] = node
    metadata(pod).setdefault("annotations", {}).update(annotations_of(binding))
    if labels_of(binding):
        metadata(pod).setdefault("labels", {}).update(labels_of(binding))
    if not metadata(pod)["annotations"]:
        del pod["metadata"]["annotations"]
    conditions: list[Obj] = pod.setdefault("status", {}).setdefault("conditions", [])
    found = find_condition(pod, "PodScheduled")
    scheduled = {
        "type": "PodScheduled",
        "observedGeneration": dig(pod, "metadata", "generation", default=1),
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(clock.now()),
    }
    if found is None:
        conditions.append(scheduled)
    else:
        conditions[conditions.index(found)] = scheduled
    return pod


def ephemeral_only(old: Obj, new: Obj) -> Obj:
    """Return a pod with the ephemeral containers of another version of it."""
    spec = {key: value for key, value in old["spec"].items() if key != "ephemeralContainers"}
    containers = dig(new, "spec", "ephemeralContainers", default=[])
    return {**old, "spec": {**spec, "ephemeralContainers": containers} if containers else spec}


def eviction_options(eviction: Obj) -> DeleteOptions:
    """Return how an Eviction deletes its pod."""
    wanted = eviction.get("deleteOptions") or {}
    conditions = wanted.get("preconditions") or {}
    return DeleteOptions(
        grace_period_seconds=wanted.get("gracePeriodSeconds"),
        preconditions=Preconditions(conditions.get("uid", ""), conditions.get("resourceVersion", "")),
        dry_run=bool(wanted.get("dryRun")),
    )
