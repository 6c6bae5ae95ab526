"""Deployment -> ReplicaSet -> Pods, Service -> endpoints; broken links carry their reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8slab.kube.objects import Obj, controller_of, dig, is_deleting, labels_of, name_of, uid_of
from k8slab.kube.resources import DEPLOYMENTS, ENDPOINT_SLICES, PODS, REPLICA_SETS, SERVICES
from k8slab.kube.selectors import label_selector_of
from k8slab.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Node:
    """One object; ``state`` is ``ready``, ``unready``, ``terminating``, ``missing`` or empty."""

    key: str
    kind: str
    name: str
    detail: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another; ``broken`` says why nothing gets through."""

    source: str
    target: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by key, and edges."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def children(self, key: str) -> list[Edge]:
        """Return the edges that leave a node."""
        return [edge for edge in self.edges if edge.source == key]

    def roots(self) -> list[Node]:
        """Return the nodes to which nothing leads."""
        targets = {edge.target for edge in self.edges}
        return [node for key, node in self.nodes.items() if key not in targets]


def build_graph(snapshot: Snapshot) -> Graph:
    """Return the graph of the learner's namespace."""
    nodes = {node.key: node for node in _nodes(snapshot)}
    edges = [edge for edge in (*_owners(snapshot), *_services(snapshot)) if edge.source in nodes]
    for edge in edges:
        nodes.setdefault(edge.target, Node(edge.target, "", "no pod", edge.broken, "missing"))
    return Graph(nodes, tuple(edges))


def _nodes(snapshot: Snapshot) -> Iterator[Node]:
    for service in snapshot.list(SERVICES):
        if (snapshot.namespace, name_of(service)) != ("default", "kubernetes"):
            yield Node(_key("Service", service), "Service", name_of(service), _ports(service))
    for deployment in snapshot.list(DEPLOYMENTS):
        wanted, ready = (
            dig(deployment, "spec", "replicas", default=0),
            dig(deployment, "status", "readyReplicas", default=0),
        )
        state = "ready" if wanted == ready else "unready"
        yield Node(_key("Deployment", deployment), "Deployment", name_of(deployment), f"{ready}/{wanted} ready", state)
    for replica_set in snapshot.list(REPLICA_SETS):
        if _is_used(replica_set):
            wanted = dig(replica_set, "spec", "replicas", default=0)
            ready = dig(replica_set, "status", "readyReplicas", default=0)
            yield Node(_key("ReplicaSet", replica_set), "ReplicaSet", name_of(replica_set), f"{ready}/{wanted} ready")
    for pod in snapshot.list(PODS):
        yield Node(_key("Pod", pod), "Pod", name_of(pod), dig(pod, "status", "podIP", default=""), pod_state(pod))


def _is_used(replica_set: Obj) -> bool:
    # Old revisions with no pods are history, not topology.
    return bool(dig(replica_set, "spec", "replicas", default=0) or dig(replica_set, "status", "replicas", default=0))


def _key(kind: str, obj: Obj) -> str:
    return f"{kind}/{name_of(obj)}"


def pod_state(pod: Obj) -> str:
    """Return ``terminating``, ``ready`` or ``unready``."""
    if is_deleting(pod):
        return "terminating"
    conditions = dig(pod, "status", "conditions", default=[])
    ready = any(entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions)
    return "ready" if ready else "unready"


def _ports(service: Obj) -> str:
    shown = []
    for port in dig(service, "spec", "ports", default=[]):
        node = f", NodePort {port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port.get('port')} -> {port.get('targetPort')}{node}")
    return "; ".join(shown)


def _owners(snapshot: Snapshot) -> Iterator[Edge]:
    owners = (("Deployment", DEPLOYMENTS), ("ReplicaSet", REPLICA_SETS))
    by_uid = {uid_of(obj): _key(kind, obj) for kind, resource in owners for obj in snapshot.list(resource)}
    for kind, resource in (("ReplicaSet", REPLICA_SETS), ("Pod", PODS)):
        for obj in snapshot.list(resource):
            owner = by_uid.get(str((controller_of(obj) or {}).get("uid", "")))
            shown = kind != "ReplicaSet" or _is_used(obj)
            if owner and shown:
                yield Edge(owner, _key(kind, obj))


def _services(snapshot: Snapshot) -> Iterator[Edge]:
    for service in snapshot.list(SERVICES):
        selector = dig(service, "spec", "selector")
        if not selector:
            continue
        ready = _ready_pods(snapshot, name_of(service))
        pods = snapshot.list(PODS, selector=label_selector_of({"matchLabels": selector}))
        for pod in pods:
            broken = "" if name_of(pod) in ready else f"not an endpoint: the pod is {pod_state(pod)}"
            yield Edge(_key("Service", service), _key("Pod", pod), broken)
        if not pods:
            asked = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Edge(_key("Service", service), f"nothing/{name_of(service)}", f"no pod has the label {asked}")


def _ready_pods(snapshot: Snapshot, service: str) -> set[str]:
    slices = [entry for entry in snapshot.list(ENDPOINT_SLICES)
              if labels_of(entry).get("kubernetes.io/service-name") == service]  # fmt: skip
    endpoints = [endpoint for entry in slices for endpoint in entry.get("endpoints") or []]
    return {str(dig(entry, "targetRef", "name", default="")) for entry in endpoints
            if dig(entry, "conditions", "ready", default=True)}  # fmt: skip
