"""The ways in: node ports, hosts and Ingresses, with what is broken about them."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.kube.objects import Obj, annotations_of, dig, labels_of, name_of
from k8slab.kube.resources import INGRESS_CLASSES, INGRESSES, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.topology.graph import Edge, Node

_PREFIX = "nginx.ingress.kubernetes.io/"


def entrance_nodes(snapshot: Snapshot) -> Iterator[Node]:
    """Yield hosts, Ingresses and node ports."""
    for host in sorted({_host(rule) for ingress in snapshot.list(INGRESSES) for rule in _rules(ingress)}):
        yield Node(f"Host/{host}", "Host", host)
    for ingress in snapshot.list(INGRESSES):
        given = [
            f"{key.removeprefix(_PREFIX)}: {value}"
            for key, value in sorted(annotations_of(ingress).items())
            if key.startswith(_PREFIX)
        ]
        wanted = dig(ingress, "spec", "ingressClassName", default="no class")
        detail = "; ".join((f"class {wanted}", *given))
        yield Node(f"Ingress/{name_of(ingress)}", "Ingress", name_of(ingress), detail, labels=labels_of(ingress))
    for service in snapshot.list(SERVICES):
        for port in dig(service, "spec", "ports", default=[]):
            if port.get("nodePort"):
                yield Node(f"NodePort/{port['nodePort']}", "NodePort", str(port["nodePort"]))


def _rules(ingress: Obj) -> list[Obj]:
    found: list[Obj] = dig(ingress, "spec", "rules", default=[])
    return found


def _host(rule: Obj) -> str:
    return str(rule.get("host") or "any host")


def entrance_edges(snapshot: Snapshot) -> Iterator[Edge]:
    """Yield host -> Ingress -> Service and node port -> Service."""
    for ingress in snapshot.list(INGRESSES):
        wrong = _class_problem(snapshot, ingress)
        for host in dict.fromkeys(_host(rule) for rule in _rules(ingress)):
            yield Edge(f"Host/{host}", f"Ingress/{name_of(ingress)}", wrong)
        yield from _backend_edges(snapshot, ingress)
    for service in snapshot.list(SERVICES):
        for port in dig(service, "spec", "ports", default=[]):
            if port.get("nodePort"):
                yield Edge(f"NodePort/{port['nodePort']}", f"Service/{name_of(service)}")


def _class_problem(snapshot: Snapshot, ingress: Obj) -> str:
    wanted = dig(ingress, "spec", "ingressClassName")
    hidden = INGRESS_CLASSES.qualified_name not in snapshot.objects or snapshot.gap(INGRESS_CLASSES) is not None
    if wanted is None or hidden or snapshot.get(INGRESS_CLASSES, wanted) is not None:
        return ""
    return f"there is no IngressClass {wanted}"


def _backend_edges(snapshot: Snapshot, ingress: Obj) -> Iterator[Edge]:
    default = dig(ingress, "spec", "defaultBackend")
    paths = [({"path": "(default)", "backend": default}, "")] if default else []
    paths += [(path, _host(rule)) for rule in _rules(ingress) for path in dig(rule, "http", "paths", default=[])]
    for path, _ in paths:
        service = dig(path, "backend", "service", default={})
        if not service:
            continue
        port = dig(service, "port", "number") or dig(service, "port", "name")
        label = f"{path.get('path') or '/'} -> {port}"
        problem = _backend_problem(snapshot, str(service.get("name")), port)
        yield Edge(f"Ingress/{name_of(ingress)}", f"Service/{service.get('name')}", problem, label)


def _backend_problem(snapshot: Snapshot, name: str, port: object) -> str:
    service = snapshot.get(SERVICES, name)
    if service is None:
        return "this Service does not exist"
    known = [
        word for entry in dig(service, "spec", "ports", default=[]) for word in (entry.get("port"), entry.get("name"))
    ]
    return "" if port in known else f"the Service has no port {port}"
