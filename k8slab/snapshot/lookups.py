"""Questions that views and diagnoses ask again and again: whose pods, which endpoints, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k8slab.kube.objects import (
    Obj,
    condition_is_true,
    controller_of,
    dig,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owned_by,
    uid_of,
)
from k8slab.kube.resources import DEPLOYMENTS, ENDPOINT_SLICES, EVENTS, PODS, REPLICA_SETS, Resource
from k8slab.kube.selectors import LabelSelector, Requirement, label_selector_of
from k8slab.snapshot.picture import Snapshot

# The label by which a slice says whose it is (k8s.io/api/discovery/v1).
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
# The annotation in which a Deployment counts its versions (k8s.io/kubectl/pkg/util/deployment).
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address behind a Service; ``pod`` is empty when no pod stands behind it, ``ports`` maps names to numbers."""

    address: str
    pod: str
    ready: bool
    terminating: bool
    ports: Mapping[str, int]


def selector_of_service(service: Obj) -> LabelSelector | None:
    """Return the Service's selector, or None when its endpoints are written by hand."""
    labels: Mapping[str, str] = dig(service, "spec", "selector", default={})
    if not labels:
        return None
    return LabelSelector(tuple(Requirement(key, "In", (value,)) for key, value in sorted(labels.items())))


def pods_of_service(snapshot: Snapshot, service: Obj) -> tuple[Obj, ...]:
    """Return the pods that the Service's selector matches, ready or not (not those that have ended)."""
    selector = selector_of_service(service)
    if selector is None:
        return ()
    return tuple(pod for pod in snapshot.list(PODS, namespace_of(service), selector) if not has_ended(pod))


def endpoints_of(snapshot: Snapshot, service: Obj) -> tuple[Endpoint, ...]:
    """Return the addresses that the cluster lists behind the Service, in the order of its EndpointSlices."""
    wanted = LabelSelector((Requirement(SERVICE_NAME_LABEL, "In", (name_of(service),)),))
    found: list[Endpoint] = []
    for entry in snapshot.list(ENDPOINT_SLICES, namespace_of(service), wanted):
        found += _endpoints(entry)
    return tuple(found)


def _endpoints(entry: Obj) -> list[Endpoint]:
    ports = {port.get("name") or "": int(port.get("port") or 0) for port in dig(entry, "ports", default=[])}
    return [
        Endpoint(
            address=str(dig(item, "addresses", 0, default="")),
            pod=str(dig(item, "targetRef", "name", default="")),
            # Absent means ready (k8s.io/api/discovery/v1 EndpointConditions).
            ready=dig(item, "conditions", "ready", default=True) is True,
            terminating=dig(item, "conditions", "terminating", default=False) is True,
            ports=ports,
        )
        for item in dig(entry, "endpoints", default=[])
    ]


def replica_sets_of(snapshot: Snapshot, deployment: Obj) -> tuple[Obj, ...]:
    """Return the Deployment's ReplicaSets, newest version first."""
    owned = owned_by(snapshot.list(REPLICA_SETS, namespace_of(deployment)), uid_of(deployment))
    return tuple(sorted(owned, key=revision_of, reverse=True))


def pods_of_replica_set(snapshot: Snapshot, replica_set: Obj) -> tuple[Obj, ...]:
    """Return the pods that the ReplicaSet controls."""
    return tuple(owned_by(snapshot.list(PODS, namespace_of(replica_set)), uid_of(replica_set)))


def pods_of_deployment(snapshot: Snapshot, deployment: Obj) -> tuple[Obj, ...]:
    """Return the pods of all the Deployment's versions, those of the newest version first."""
    return tuple(pod for owner in replica_sets_of(snapshot, deployment) for pod in pods_of_replica_set(snapshot, owner))


def revision_of(obj: Obj) -> int:
    """Return the version that the Deployment controller wrote on the object; 0 when there is none yet."""
    text = dig(obj, "metadata", "annotations", REVISION_ANNOTATION, default="0")
    return int(text) if str(text).isdigit() else 0


def pods_selected_by(snapshot: Snapshot, workload: Obj) -> tuple[Obj, ...]:
    """Return the pods that ``spec.selector`` of a workload matches."""
    selector = label_selector_of(dig(workload, "spec", "selector"))
    return snapshot.list(PODS, namespace_of(workload), selector)


def deployment_of(snapshot: Snapshot, pod: Obj) -> Obj | None:
    """Return the Deployment that a pod belongs to through its ReplicaSet."""
    replica_set = _owner(snapshot, REPLICA_SETS, pod)
    return None if replica_set is None else _owner(snapshot, DEPLOYMENTS, replica_set)


def _owner(snapshot: Snapshot, resource: Resource, obj: Obj) -> Obj | None:
    reference = controller_of(obj)
    if reference is None or reference.get("kind") != resource.kind:
        return None
    found = snapshot.get(resource, str(reference.get("name")), namespace_of(obj))
    return found if found is not None and uid_of(found) == reference.get("uid") else None


def events_about(snapshot: Snapshot, obj: Obj) -> tuple[Obj, ...]:
    """Return the events whose subject is this very object (by uid), oldest first."""
    uid = uid_of(obj)
    found = [event for event in snapshot.list(EVENTS, namespace_of(obj)) if dig(event, "involvedObject", "uid") == uid]
    return tuple(sorted(found, key=event_time))


def event_time(event: Obj) -> str:
    """Return when the event was last seen, as RFC 3339 text, which sorts by time."""
    for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",), ("metadata", "creationTimestamp")):
        found = dig(event, *path)
        if found:
            return str(found)
    return ""


def is_ready(pod: Obj) -> bool:
    """Tell whether the pod counts as ready: the condition is true and no deletion has begun."""
    return condition_is_true(pod, "Ready") and not is_deleting(pod)


def has_ended(pod: Obj) -> bool:
    """Tell whether all containers have ended for good."""
    return dig(pod, "status", "phase") in ("Succeeded", "Failed")


def container_ports(pod: Obj) -> Mapping[str, int]:
    """Return the declared container ports; ports without a name are listed under their number."""
    found: dict[str, int] = {}
    for container in dig(pod, "spec", "containers", default=[]):
        for port in container.get("ports") or ():
            found[str(port.get("name") or port.get("containerPort"))] = int(port.get("containerPort") or 0)
    return found


def container_statuses(pod: Obj) -> list[dict[str, Any]]:
    """Return the statuses of all containers, init containers first."""
    return [
        *dig(pod, "status", "initContainerStatuses", default=[]),
        *dig(pod, "status", "containerStatuses", default=[]),
    ]


def matching_labels(selector: Mapping[str, str], obj: Obj) -> int:
    """Return how many of the selector's labels the object carries with the same value."""
    labels = labels_of(obj)
    return sum(labels.get(key) == value for key, value in selector.items())
