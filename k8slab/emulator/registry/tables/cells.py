"""What kubectl shows of each kind: one function a kind, in the order of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.ages import age
from k8slab.emulator.registry.tables.cluster_cells import CLUSTER_CELLS
from k8slab.emulator.registry.tables.pod_cells import pod_cells
from k8slab.emulator.registry.tables.policy_cells import POLICY_CELLS
from k8slab.emulator.registry.tables.storage_cells import STORAGE_CELLS
from k8slab.emulator.registry.tables.workload_cells import WORKLOAD_CELLS
from k8slab.kube.objects import Obj, dig, find_condition, labels_of, name_of
from k8slab.kube.resources import Resource

_NONE = "<none>"
Cells = Callable[[Obj, datetime], list[Any]]


def _created(obj: Obj, now: datetime) -> str:
    return age(dig(obj, "metadata", "creationTimestamp"), now)


def _first(values: Sequence[Any], limit: int, joint: str = ",") -> str:
    shown = joint.join(str(value) for value in values[:limit])
    return f"{shown} + {len(values) - limit} more..." if len(values) > limit else shown


def _selector(obj: Obj) -> str:
    selector = dig(obj, "spec", "selector", default={})
    labels = selector.get("matchLabels", selector) if isinstance(selector, dict) else {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()) if isinstance(value, str)) or _NONE


def _images(obj: Obj) -> tuple[str, str]:
    containers = dig(obj, "spec", "template", "spec", "containers", default=[])
    return ",".join(entry["name"] for entry in containers), ",".join(entry.get("image", "") for entry in containers)


def _service(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    ports = [_service_port(port) for port in spec.get("ports") or []]
    address = spec.get("clusterIP") or _NONE
    return [
        name_of(obj),
        kind,
        address,
        _external(obj, kind),
        ",".join(ports) or _NONE,
        _created(obj, now),
        _selector(obj),
    ]


def _service_port(port: Obj) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _external(obj: Obj, kind: str) -> str:
    given = dig(obj, "spec", "externalIPs", default=[])
    if kind == "ExternalName":
        return str(dig(obj, "spec", "externalName", default=_NONE))
    if kind == "LoadBalancer":
        entries = dig(obj, "status", "loadBalancer", "ingress", default=[])
        found = [entry.get("ip") or entry.get("hostname", "") for entry in entries] + given
        return ",".join(found) or "<pending>"
    return ",".join(given) or _NONE


def _deployment(obj: Obj, now: datetime) -> list[Any]:
    status, wanted = obj.get("status") or {}, dig(obj, "spec", "replicas", default=0)
    return [
        name_of(obj), f"{status.get('readyReplicas', 0)}/{wanted}", status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0), _created(obj, now), *_images(obj), _selector(obj),
    ]  # fmt: skip


def _replica_set(obj: Obj, now: datetime) -> list[Any]:
    status = obj.get("status") or {}
    return [
        name_of(obj), dig(obj, "spec", "replicas", default=0), status.get("replicas", 0),
        status.get("readyReplicas", 0), _created(obj, now), *_images(obj), _selector(obj),
    ]  # fmt: skip


def _node(obj: Obj, now: datetime) -> list[Any]:
    ready = find_condition(obj, "Ready")
    words = {"True": "Ready", "False": "NotReady"}
    state = words.get(str(ready.get("status")), "Unknown") if ready else "Unknown"
    if dig(obj, "spec", "unschedulable"):
        state += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = sorted(label.removeprefix(prefix) for label in labels_of(obj) if label.startswith(prefix))
    info = dig(obj, "status", "nodeInfo", default={})
    addresses = {entry["type"]: entry["address"] for entry in dig(obj, "status", "addresses", default=[])}
    return [
        name_of(obj), state, ",".join(roles) or _NONE, _created(obj, now), info.get("kubeletVersion", ""),
        addresses.get("InternalIP", _NONE), addresses.get("ExternalIP", _NONE), info.get("osImage", "<unknown>"),
        info.get("kernelVersion", "<unknown>"), info.get("containerRuntimeVersion", "<unknown>"),
    ]  # fmt: skip


def _endpoints(obj: Obj, now: datetime) -> list[Any]:
    found: list[str] = []
    for subset in obj.get("subsets") or []:
        addresses = [entry["ip"] for entry in subset.get("addresses") or []]
        ports = subset.get("ports") or []
        found += [f"{ip}:{port['port']}" for port in ports for ip in addresses] if ports else addresses
    return [name_of(obj), _first(found, 3) or _NONE, _created(obj, now)]


def _endpoint_slice(obj: Obj, now: datetime) -> list[Any]:
    ports = [port["port"] for port in obj.get("ports") or [] if port.get("port")]
    addresses = [address for entry in obj.get("endpoints") or [] for address in entry.get("addresses") or []]
    shown = (_first(ports, 3) or "<unset>", _first(addresses, 3) or "<unset>")
    return [name_of(obj), obj.get("addressType", ""), *shown, _created(obj, now)]


def _event(obj: Obj, now: datetime) -> list[Any]:
    about = obj.get("involvedObject") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = dig(obj, "series", "lastObservedTime") or obj.get("lastTimestamp") or first
    count = dig(obj, "series", "count") or obj.get("count") or 1
    source = dig(obj, "source", "component", default="") or obj.get("reportingComponent", "")
    host = dig(obj, "source", "host", default="")
    return [
        age(last, now), obj.get("type", ""), obj.get("reason", ""),
        f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}", about.get("fieldPath", ""),
        f"{source}, {host}" if host else source, str(obj.get("message", "")).strip(), age(first, now),
        count, name_of(obj),
    ]  # fmt: skip


def _ingress(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    entries = dig(obj, "status", "loadBalancer", "ingress", default=[])
    addresses = ",".join(entry.get("ip") or entry.get("hostname", "") for entry in entries)
    ports = "80, 443" if spec.get("tls") else "80"
    shown = _first(hosts, 3) or "*"
    return [name_of(obj), spec.get("ingressClassName") or _NONE, shown, addresses, ports, _created(obj, now)]


_CELLS: Mapping[str, Cells] = {
    **POLICY_CELLS,
    **WORKLOAD_CELLS,
    **STORAGE_CELLS,
    **CLUSTER_CELLS,
    "pods": pod_cells,
    "services": _service,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "namespaces": lambda obj, now: [name_of(obj), dig(obj, "status", "phase", default=""), _created(obj, now)],
    "nodes": _node,
    "endpoints": _endpoints,
    "endpointslices.discovery.k8s.io": _endpoint_slice,
    "configmaps": lambda obj, now: [
        name_of(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _created(obj, now),
    ],
    "secrets": lambda obj, now: [name_of(obj), obj.get("type", ""), len(obj.get("data") or {}), _created(obj, now)],
    "serviceaccounts": lambda obj, now: [name_of(obj), len(obj.get("secrets") or []), _created(obj, now)],
    "events": _event,
    "ingresses.networking.k8s.io": _ingress,
}  # fmt: skip


def cells_of(resource: Resource, obj: Obj, now: datetime) -> list[Any]:
    """Return the cells of one object's row."""
    cells = _CELLS.get(resource.qualified_name)
    return cells(obj, now) if cells else [name_of(obj), dig(obj, "metadata", "creationTimestamp", default="")]
