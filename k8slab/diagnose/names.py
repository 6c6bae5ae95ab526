"""What the host of a URL means: cluster DNS, addresses of Services and pods, hosts of Ingresses, this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from k8slab.diagnose.request import Request
from k8slab.diagnose.words import near
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import NAMESPACES, NODES, PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import controller_services, doors, hosts, is_lesson_domain

Kind = Literal["service", "pod", "node", "ingress", "local", "address", "cluster-name", "pod-name", "name"]
CLUSTER_DOMAIN = "cluster.local"
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Meaning:
    """``kind`` says what the host is; ``namespace`` and ``name`` are those that a cluster name asks for.

    ``cluster-name`` is a name of the cluster's DNS that does not exist; ``pod-name`` a pod's of a headless Service;
    ``address`` and ``name`` are unknown to the cluster.
    """

    kind: Kind
    namespace: str = ""
    name: str = ""
    obj: Obj | None = None
    pod: str = ""


def meaning_of(snapshot: Snapshot, request: Request) -> Meaning:
    """Return what the request's host means where it starts."""
    host = request.host.lower().rstrip(".")
    if host in _LOCAL:
        return _local(snapshot, request)
    address = _by_address(snapshot, host)
    if address is not None:
        return address
    found = cluster_name(snapshot, host, request.namespace)
    if found is not None and found.obj is not None:
        return _ingress_service(snapshot, found)
    if any(name_of(node) == host for node in snapshot.list(NODES)):
        return Meaning("node", name=host)
    if is_lesson_domain(snapshot, host):
        return Meaning("ingress", name=host)
    misspelt = found is not None and not _is_namespace(snapshot, found.namespace) and near(host, hosts(snapshot))
    return Meaning("name", name=host) if found is None or misspelt else found


def _is_namespace(snapshot: Snapshot, name: str) -> bool:
    return snapshot.get(NAMESPACES, name) is not None


def _local(snapshot: Snapshot, request: Request) -> Meaning:
    if request.origin == "inside":
        return Meaning("local", name=request.host)
    entries = {door.port for scheme in ("http", "https") for door in doors(snapshot, scheme)}
    given = request.server_name not in _LOCAL
    if request.port in entries or (request.port in (80, 443) and (entries or given)):
        return Meaning("ingress", name=request.server_name)
    return Meaning("node" if node_port_owner(snapshot, request.port) or 30000 <= request.port < 32768 else "local")  # noqa: PLR2004 - the range of node ports


def _by_address(snapshot: Snapshot, host: str) -> Meaning | None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    for service in snapshot.everywhere(SERVICES):
        if host in (dig(service, "spec", "clusterIP"), *dig(service, "spec", "clusterIPs", default=[])):
            return _ingress_service(snapshot, Meaning("service", namespace_of(service), name_of(service), service))
    for pod in snapshot.everywhere(PODS):
        if host == dig(pod, "status", "podIP") and not dig(pod, "spec", "hostNetwork"):
            return Meaning("pod", namespace_of(pod), name_of(pod), pod)
    for node in snapshot.list(NODES):
        if any(entry.get("address") == host for entry in dig(node, "status", "addresses", default=[])):
            return Meaning("node", name=name_of(node))
    return Meaning("address", name=host)


def _ingress_service(snapshot: Snapshot, found: Meaning) -> Meaning:
    """Mark the controller's own Service: behind it the Ingresses' rules hold."""
    if found.obj is not None and found.obj in controller_services(snapshot):
        return Meaning("ingress", found.namespace, found.name, found.obj)
    return found


def cluster_name(snapshot: Snapshot, host: str, namespace: str) -> Meaning | None:
    """Return the Service or pod that the cluster's DNS finds with a pod's search domains; None for other names.

    Source: the DNS specification of Kubernetes; ndots is 5, so all short names go through the search list.
    """
    labels = host.split(".")
    absolute = labels[-2:] == CLUSTER_DOMAIN.split(".")
    if absolute:
        labels = labels[:-2]
        if labels[-1:] != ["svc"]:
            return Meaning("cluster-name", labels[-1] if len(labels) > 1 else namespace, labels[0] if labels else "")
    if labels[-1:] == ["svc"]:
        labels = labels[:-1]
        return _service(snapshot, labels, "" if absolute or len(labels) > 1 else namespace)
    for candidate, space in ((labels, namespace), (labels, "")):
        found = _service(snapshot, candidate, space)
        if found is not None and found.obj is not None:
            return found
    if len(labels) <= 2 and not is_lesson_domain(snapshot, host):  # noqa: PLR2004 - name or name.namespace
        return Meaning("cluster-name", labels[1] if len(labels) > 1 else namespace, labels[0])
    return None


def _service(snapshot: Snapshot, labels: list[str], namespace: str) -> Meaning | None:
    """Look a name up; with a namespace given the labels are (pod,) service, else they end with the namespace."""
    if not namespace:
        labels, namespace = labels[:-1], labels[-1] if labels else ""
    if not labels or len(labels) > 2:  # noqa: PLR2004 - a pod's name and its Service's
        return None
    service = snapshot.get(SERVICES, labels[-1], namespace)
    if service is None:
        return Meaning("cluster-name", namespace, labels[-1])
    if len(labels) == 1:
        return Meaning("service", namespace, labels[0], service)
    return Meaning("pod-name", namespace, labels[1], service, pod=labels[0])


def node_port_owner(snapshot: Snapshot, port: int) -> Obj | None:
    """Return the Service that has the node port."""
    return next(
        (
            service
            for service in snapshot.everywhere(SERVICES)
            if any(entry.get("nodePort") == port for entry in dig(service, "spec", "ports", default=[]))
        ),
        None,
    )
