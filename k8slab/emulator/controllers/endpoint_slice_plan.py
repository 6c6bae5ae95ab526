"""Which EndpointSlices a Service should have, changing as few as possible (k8s.io/endpointslice). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.controllers.pods import is_ready
from k8slab.emulator.controllers.service_pods import (
    HEADLESS,
    NodeOf,
    endpoint_ports,
    hostname_of,
    is_headless,
    target_reference,
)
from k8slab.kube.objects import Obj, dig, is_deleting, labels_of, name_of, namespace_of, owner_references, uid_of

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"
MAX_ENDPOINTS = 100
_RESERVED = frozenset({SERVICE_NAME, MANAGED_BY, HEADLESS})

Endpoint = dict[str, Any]


@dataclass(slots=True)
class Plan:
    """What to write. Slices to create have no name; slices to delete are as they were."""

    create: list[Obj] = field(default_factory=list)
    update: list[Obj] = field(default_factory=list)
    delete: list[Obj] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """The endpoints that share their ports."""

    ports: list[dict[str, Any]]
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


def plan(service: Obj, pods: Iterable[Obj], existing: Sequence[Obj], node_of: NodeOf) -> Plan:
    """Compare the slices of a Service with its pods, for each address family that it has."""
    made = Plan()
    pods = list(pods)
    families = dig(service, "spec", "ipFamilies", default=["IPv4"])
    made.delete += [piece for piece in existing if piece.get("addressType") not in families]
    for family in families:
        slices = [piece for piece in existing if piece.get("addressType") == family]
        _plan_family(made, service, _desired(service, pods, family, node_of), slices, family)
    return _reuse(made, service)


def _desired(service: Obj, pods: Sequence[Obj], family: str, node_of: NodeOf) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for pod in pods:
        ports = endpoint_ports(service, pod)
        group = groups.setdefault(_ports_key(ports), _Group(ports))
        node = node_of(dig(pod, "spec", "nodeName", default=""))
        if node is None and not dig(service, "spec", "publishNotReadyAddresses"):
            continue
        endpoint = _endpoint(service, pod, family, node)
        if endpoint["addresses"]:
            group.endpoints[_endpoint_key(endpoint)] = endpoint
    return groups


def _endpoint(service: Obj, pod: Obj, family: str, node: Obj | None) -> Endpoint:
    serving, terminating = is_ready(pod), is_deleting(pod)
    published = bool(dig(service, "spec", "publishNotReadyAddresses"))
    addresses = [str(entry.get("ip", "")) for entry in dig(pod, "status", "podIPs", default=[])]
    endpoint: Endpoint = {
        "addresses": [address for address in addresses if (":" in address) == (family == "IPv6")],
        "conditions": {
            "ready": published or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": target_reference(pod),
    }
    optional = {
        "nodeName": dig(pod, "spec", "nodeName", default=""),
        "zone": labels_of(node or {}).get("topology.kubernetes.io/zone", ""),
        "hostname": hostname_of(pod, service),
    }
    return {**endpoint, **{name: value for name, value in optional.items() if value}}


def _plan_family(made: Plan, service: Obj, desired: dict[str, _Group], slices: Sequence[Obj], family: str) -> None:
    delete: list[Obj] = []
    by_ports: dict[str, list[Obj]] = {}
    for piece in slices:
        if any(reference.get("uid") == uid_of(service) for reference in owner_references(piece)):
            by_ports.setdefault(_ports_key(piece.get("ports") or []), []).append(piece)
        else:
            delete.append(piece)
    create: list[Obj] = []
    for key, group in desired.items():
        created, updated, deleted = _plan_ports(service, group, by_ports.get(key, []), family)
        create += created
        made.update += updated
        delete += deleted
    delete += [piece for key, pieces in by_ports.items() if key not in desired for piece in pieces]
    if len(delete) == len(slices) and not create:
        placeholder = _new_slice(service, [], family)
        if len(delete) == 1 and _is_placeholder(delete[0], placeholder):
            delete = []
        else:
            create.append(placeholder)
    made.create += create
    made.delete += delete


def _plan_ports(
    service: Obj, group: _Group, slices: Sequence[Obj], family: str
) -> tuple[list[Obj], list[Obj], list[Obj]]:
    """Keep what is right where it is, then fill changed slices, then one unchanged slice, then new ones."""
    left = dict(group.endpoints)
    update: list[Obj] = []
    delete: list[Obj] = []
    unchanged: list[Obj] = []
    for piece in slices:
        old: list[Endpoint] = piece.get("endpoints") or []
        kept = [found for endpoint in old if (found := left.pop(_endpoint_key(endpoint), None)) is not None]
        labels = slice_labels(service)
        if kept != old and not kept:
            delete.append(piece)
        elif kept != old or labels != labels_of(piece):
            update.append(_changed(piece, kept, labels))
        else:
            unchanged.append(piece)
    for piece in sorted(update, key=lambda piece: -len(piece["endpoints"])) if left else ():
        _fill(piece, left)
    create: list[Obj] = []
    while left:
        room = _closest_to_full(unchanged, len(left))
        if room is not None:
            unchanged.remove(room)
            update.append(_changed(room, list(room.get("endpoints") or []), slice_labels(service)))
            _fill(update[-1], left)
        else:
            create.append(_new_slice(service, group.ports, family))
            _fill(create[-1], left)
    return create, update, delete


def _closest_to_full(slices: Sequence[Obj], count: int) -> Obj | None:
    fitting = [piece for piece in slices if len(piece.get("endpoints") or []) + count <= MAX_ENDPOINTS]
    return max(fitting, key=lambda piece: len(piece.get("endpoints") or []), default=None)


def _fill(piece: Obj, left: dict[str, Endpoint]) -> None:
    while left and len(piece["endpoints"]) < MAX_ENDPOINTS:
        piece["endpoints"].append(left.pop(next(iter(left))))


def _changed(piece: Obj, endpoints: list[Endpoint], labels: dict[str, str]) -> Obj:
    return {**piece, "endpoints": endpoints, "metadata": {**piece["metadata"], "labels": labels}}


def _new_slice(service: Obj, ports: list[dict[str, Any]], family: str) -> Obj:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(service)}-",
            "namespace": namespace_of(service),
            "labels": slice_labels(service),
            "ownerReferences": [controller_reference(service)],
        },
        "addressType": family,
        "endpoints": [],
        "ports": ports,
    }


def slice_labels(service: Obj) -> dict[str, str]:
    """Return the labels of a Service's slices: its own and those that say whose they are."""
    labels = {name: value for name, value in labels_of(service).items() if name not in _RESERVED}
    headless = {HEADLESS: ""} if is_headless(service) else {}
    return {**labels, **headless, SERVICE_NAME: name_of(service), MANAGED_BY: CONTROLLER}


def _is_placeholder(piece: Obj, placeholder: Obj) -> bool:
    return not piece.get("endpoints") and not piece.get("ports") and labels_of(piece) == labels_of(placeholder)


def _reuse(made: Plan, service: Obj) -> Plan:
    """Turn pairs of one slice to delete and one to create into an update, so that names stay."""
    delete = []
    for piece in made.delete:
        match = made.create[-1] if made.create else None
        owned = any(reference.get("uid") == uid_of(service) for reference in owner_references(piece))
        if match is None or not owned or piece.get("addressType") != match["addressType"]:
            delete.append(piece)
            continue
        made.create.pop()
        reused = {**_changed(piece, match["endpoints"], labels_of(match)), "ports": match["ports"]}
        made.update.append(reused)
    made.delete = delete
    return made


def _ports_key(ports: Sequence[dict[str, Any]]) -> str:
    return json.dumps(sorted(json.dumps(port, sort_keys=True) for port in ports))


def _endpoint_key(endpoint: Endpoint) -> str:
    return json.dumps([endpoint.get("addresses"), dig(endpoint, "targetRef", "uid"), endpoint.get("hostname")])
