"""A small world of the Gateway API for tests: Gateways ``same`` and ``all`` in ``infra``, Services v1 to v3."""

from __future__ import annotations

from typing import Any

import yaml

from k8slab.routing.gateway.matching import Asked
from k8slab.routing.gateway.rules import Target
from k8slab.routing.gateway.statuses import gateway_status, route_status
from k8slab.routing.gateway.table import Table, build_table
from k8slab.routing.gateway.world import CONTROLLER, World

NOW = "2026-01-01T00:00:00Z"
SERVICES = {("infra", "v1"), ("infra", "v2"), ("infra", "v3"), ("app", "v1"), ("web", "v1")}
LABELS = {"infra": {}, "app": {"team": "backend"}, "web": {}}
CLASSES = [{"metadata": {"name": "k8slab"}, "spec": {"controllerName": CONTROLLER}}]


def gateway(name: str, *listeners: str) -> dict[str, Any]:
    """Return a Gateway of namespace infra; listeners are given as YAML, on port 80 by default."""
    usual = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}}
    made = [{**usual, **yaml.safe_load(text)} for text in listeners or ("{}",)]
    meta = {"name": name, "namespace": "infra", "generation": 3, "creationTimestamp": NOW}
    return {"metadata": meta, "spec": {"gatewayClassName": "k8slab", "listeners": made}}


def route(name: str, text: str, namespace: str = "infra", made: str = NOW) -> dict[str, Any]:
    """Return a route; rules are given as YAML, ``parents`` defaults to the Gateway ``same``."""
    spec = yaml.safe_load(text)
    spec.setdefault("parentRefs", [{"name": "same"}])
    return {
        "metadata": {"name": name, "namespace": namespace, "generation": 2, "creationTimestamp": made}, "spec": spec,
    }  # fmt: skip


def grant(namespace: str, origin: str, kind: str = "Service", name: str | None = None, by: str = "HTTPRoute") -> Any:
    """Return a ReferenceGrant."""
    target = {"group": "", "kind": kind} | ({"name": name} if name else {})
    start = {"group": "gateway.networking.k8s.io", "kind": by, "namespace": origin}
    return {"metadata": {"name": "g", "namespace": namespace}, "spec": {"from": [start], "to": [target]}}


def world(*routes: Any, gateways: Any = (), grants: Any = (), secrets: Any = ()) -> World:
    """Return a world."""
    known = gateways or [gateway("same"), gateway("all", "allowedRoutes: {namespaces: {from: All}}")]
    return World(
        CLASSES, known, routes, grants, LABELS,
        lambda namespace, name: {"spec": {"ports": [{"port": 80}]}} if (namespace, name) in SERVICES else None,
        lambda namespace, name: (namespace, name) in set(secrets),
    )  # fmt: skip


def answers(table: Table, host: str, path: str, gateway: str = "same", port: int = 80, **more: Any) -> list[str]:
    """Return the Services that may answer, or what nginx answers instead: 404, or 500."""
    found = table.decide(("infra", gateway), port, Asked(host, path, **more))
    if found is None:
        return ["404"]
    return [_answer(target) for target in found.rule.targets if target.weight] or ["500"]


def _answer(target: Target) -> str:
    return f"{target.backend.namespace}/{target.backend.service}" if target.backend else "500"


def conditions(table: Table, name: str) -> dict[str, tuple[str, str]]:
    """Return status and reason of a route's conditions at its first parent."""
    judged = next(entry for entry in table.routes if entry.route["metadata"]["name"] == name)
    parent = route_status(judged, NOW)["parents"][0]
    assert all(entry["observedGeneration"] == 2 for entry in parent["conditions"])
    return {entry["type"]: (entry["status"], entry["reason"]) for entry in parent["conditions"]}


def listener(table: Table, found: Any, number: int = 0) -> tuple[dict[str, tuple[str, str]], int, list[str]]:
    """Return conditions, attached routes and supported kinds of a Gateway's listener."""
    entry = gateway_status(found, table, ["10.0.0.1"], NOW)["listeners"][number]
    told = {one["type"]: (one["status"], one["reason"]) for one in entry["conditions"]}
    return told, entry["attachedRoutes"], [one["kind"] for one in entry["supportedKinds"]]


def built(*routes: Any, **more: Any) -> Table:
    """Return the table of a world."""
    return build_table(world(*routes, **more))
