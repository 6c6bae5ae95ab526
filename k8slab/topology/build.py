"""From a picture to the graph: host -> Ingress -> Service -> EndpointSlice -> Pods <- ReplicaSet <- Deployment."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.kube.objects import Obj, controller_of, dig, is_deleting, labels_of, name_of, uid_of
from k8slab.kube.resources import DEPLOYMENTS, ENDPOINT_SLICES, PODS, REPLICA_SETS, SERVICES, Resource
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import SERVICE_NAME_LABEL, container_ports, has_ended, is_ready, selector_of_service
from k8slab.topology.entrances import entrance_edges, entrance_nodes
from k8slab.topology.graph import Edge, Graph, Node, State, graph_of

_OWNERS: tuple[Resource, ...] = (DEPLOYMENTS, REPLICA_SETS)


def build_graph(snapshot: Snapshot) -> Graph:
    """Return the graph of the learner's namespace."""
    edges = (*entrance_edges(snapshot), *_owner_edges(snapshot), *_service_edges(snapshot))
    return graph_of((*entrance_nodes(snapshot), *_nodes(snapshot)), edges)


def key_of(kind: str, obj: Obj) -> str:
    """Return the key of an object's node."""
    return f"{kind}/{name_of(obj)}"


def _nodes(snapshot: Snapshot) -> Iterator[Node]:
    for service in shown_services(snapshot):
        yield _node("Service", service, _ports(service))
    for entry in _slices(snapshot):
        ready, known = _counts(entry)
        yield _node("EndpointSlice", entry, f"{ready} of {known} endpoints ready")
    for deployment in snapshot.list(DEPLOYMENTS):
        wanted, ready = (
            dig(deployment, "spec", "replicas", default=0),
            dig(deployment, "status", "readyReplicas", default=0),
        )
        detail = f"{ready}/{wanted} ready" + (", paused" if dig(deployment, "spec", "paused") else "")
        yield _node("Deployment", deployment, detail, "ready" if wanted == ready else "unready")
    for replica_set in snapshot.list(REPLICA_SETS):
        if _is_used(replica_set):
            wanted, ready = (
                dig(replica_set, "spec", "replicas", default=0),
                dig(replica_set, "status", "readyReplicas", default=0),
            )
            yield _node("ReplicaSet", replica_set, f"{ready}/{wanted} ready")
    for pod in snapshot.list(PODS):
        yield _node("Pod", pod, _pod_detail(pod), pod_state(pod))


def _node(kind: str, obj: Obj, detail: str, state: State = "") -> Node:
    return Node(key_of(kind, obj), kind, name_of(obj), detail, state, labels_of(obj))


def shown_services(snapshot: Snapshot) -> Iterator[Obj]:
    """Yield the learner's Services; the cluster's own is left out."""
    for service in snapshot.list(SERVICES):
        if (snapshot.namespace, name_of(service)) != ("default", "kubernetes"):
            yield service


def _slices(snapshot: Snapshot) -> Iterator[Obj]:
    names = {name_of(service) for service in shown_services(snapshot)}
    for entry in snapshot.list(ENDPOINT_SLICES):
        if labels_of(entry).get(SERVICE_NAME_LABEL) in names and entry.get("endpoints"):
            yield entry


def _counts(entry: Obj) -> tuple[int, int]:
    endpoints = entry.get("endpoints") or []
    return sum(dig(one, "conditions", "ready", default=True) for one in endpoints), len(endpoints)


def _is_used(replica_set: Obj) -> bool:
    # Old revisions with no pods are history, not topology.
    return bool(dig(replica_set, "spec", "replicas", default=0) or dig(replica_set, "status", "replicas", default=0))


def pod_state(pod: Obj) -> State:
    """Return ``terminating``, ``ready`` or ``unready``."""
    if is_deleting(pod):
        return "terminating"
    return "ready" if is_ready(pod) else "unready"


def _pod_detail(pod: Obj) -> str:
    waiting = [
        str(dig(status, "state", "waiting", "reason", default=""))
        for status in dig(pod, "status", "containerStatuses", default=[])
    ]
    reason = next((entry for entry in waiting if entry), "")
    return ", ".join(part for part in (str(dig(pod, "status", "podIP", default="")), reason) if part)


def _ports(service: Obj) -> str:
    shown = []
    for port in dig(service, "spec", "ports", default=[]):
        node = f", NodePort {port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port.get('port')} -> {port.get('targetPort')}{node}")
    return "; ".join(shown)


def _owner_edges(snapshot: Snapshot) -> Iterator[Edge]:
    by_uid = {uid_of(obj): key_of(resource.kind, obj) for resource in _OWNERS for obj in snapshot.list(resource)}
    for resource in (REPLICA_SETS, PODS):
        for obj in snapshot.list(resource):
            owner = by_uid.get(str((controller_of(obj) or {}).get("uid", "")))
            if owner and (resource == PODS or _is_used(obj)):
                yield Edge(owner, key_of(resource.kind, obj))


def _service_edges(snapshot: Snapshot) -> Iterator[Edge]:
    for service in shown_services(snapshot):
        source = key_of("Service", service)
        listed: set[str] = set()
        for entry in snapshot.list(ENDPOINT_SLICES):
            if labels_of(entry).get(SERVICE_NAME_LABEL) == name_of(service) and entry.get("endpoints"):
                yield Edge(source, key_of("EndpointSlice", entry))
                yield from _endpoint_edges(snapshot, entry, listed)
        yield from _selected_edges(snapshot, service, listed)


def _endpoint_edges(snapshot: Snapshot, entry: Obj, listed: set[str]) -> Iterator[Edge]:
    for endpoint in entry.get("endpoints") or []:
        pod = str(dig(endpoint, "targetRef", "name", default=""))
        found = snapshot.get(PODS, pod) if pod else None
        if found is None:
            continue
        listed.add(pod)
        ready = dig(endpoint, "conditions", "ready", default=True)
        broken = "" if ready else f"gets no requests: the pod is {pod_state(found)}"
        yield Edge(key_of("EndpointSlice", entry), f"Pod/{pod}", broken)


def _selected_edges(snapshot: Snapshot, service: Obj, listed: set[str]) -> Iterator[Edge]:
    """Yield what the selector finds and the slices do not, and why nothing is found at all."""
    selector = selector_of_service(service)
    if selector is None:
        return
    source = key_of("Service", service)
    pods = [pod for pod in snapshot.list(PODS, selector=selector) if not has_ended(pod)]
    for pod in pods:
        if name_of(pod) not in listed:
            yield Edge(source, key_of("Pod", pod), f"not an endpoint: {_why_no_endpoint(service, pod)}")
    if not pods:
        asked = ", ".join(f"{key}={value}" for key, value in dig(service, "spec", "selector", default={}).items())
        yield Edge(source, f"nothing/{name_of(service)}", f"no pod has the label {asked}")


def _why_no_endpoint(service: Obj, pod: Obj) -> str:
    names = container_ports(pod)
    for port in dig(service, "spec", "ports", default=[]):
        target = port.get("targetPort")
        if isinstance(target, str) and target not in names:
            return f"no container port is called {target}"
    return f"the pod is {pod_state(pod)}"
