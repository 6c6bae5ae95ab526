"""The way in from this machine: node ports, and ports of localhost behind which nothing stands."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import CONNECT, Evidence, Finding
from k8slab.diagnose.names import node_port_owner
from k8slab.diagnose.request import Request
from k8slab.diagnose.words import in_namespace, listed, said
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import container_ports, endpoints_of

_REFUSED = CONNECT | {"unmapped"}


def node_port_findings(snapshot: Snapshot, request: Request, evidence: Evidence) -> Iterator[Finding]:
    """Yield why a port of the node leads to no Service."""
    owner = node_port_owner(snapshot, request.port)
    if owner is None:
        yield _unknown_port(snapshot, request)
        return
    if evidence.symptom == "unmapped":
        yield Finding(
            "node-port-not-mapped",
            f"NodePort {request.port} of {said(owner, 'Service')} is open on the node, but not mapped to this machine: "
            f"{evidence.answer}",
            in_namespace(
                f"kubectl port-forward service/{name_of(owner)} 8080:{_port(owner, request)}", namespace_of(owner)
            ),
            (evidence.answer,),
            frozenset({"unmapped"}),
        )
    if dig(owner, "spec", "externalTrafficPolicy") == "Local" and not any(
        e.ready for e in endpoints_of(snapshot, owner)
    ):
        yield Finding(
            "no-local-endpoint",
            f"{said(owner, 'Service')} keeps traffic on the node it reaches (externalTrafficPolicy: Local), and that "
            "node has "
            "no ready pod of it.",
            in_namespace(f"kubectl describe service {name_of(owner)}", namespace_of(owner)),
            (),
            CONNECT,
            doubt=True,
        )


def _port(service: Obj, request: Request) -> int:
    return next(
        (
            int(entry["port"])
            for entry in dig(service, "spec", "ports", default=[])
            if entry.get("nodePort") == request.port
        ),
        80,
    )


def _unknown_port(snapshot: Snapshot, request: Request) -> Finding:
    known = {
        int(entry["nodePort"]): service
        for service in snapshot.everywhere(SERVICES)
        for entry in dig(service, "spec", "ports", default=[])
        if entry.get("nodePort")
    }
    shown = [f"{port} ({namespace_of(service)}/{name_of(service)})" for port, service in sorted(known.items())]
    mine = [f"{port}" for port, service in sorted(known.items()) if namespace_of(service) == request.namespace]
    hint = f" Did you mean {mine[0]}?" if mine else ""
    plain = [
        name_of(one)
        for one in snapshot.list(SERVICES, request.namespace)
        if dig(one, "spec", "type") == "ClusterIP" and name_of(one) != "kubernetes"
    ]
    if not mine and plain:
        hint = f" Service {plain[0]} is of type ClusterIP: it has no NodePort."
        return Finding(
            "service-not-node-port",
            f"No Service has the NodePort {request.port}.{hint}",
            in_namespace(
                f'kubectl patch service {plain[0]} -p \'{{"spec":{{"type":"NodePort"}}}}\'', request.namespace
            ),
            (f"NodePorts: {listed(shown)}",),
            _REFUSED,
        )
    return Finding(
        "node-port-unknown",
        f"No Service has the NodePort {request.port}. NodePorts now: {listed(shown)}.{hint}",
        "kubectl get services -A",
        (f"NodePorts: {listed(shown)}",),
        _REFUSED,
    )


def local_port_findings(snapshot: Snapshot, request: Request) -> Iterator[Finding]:
    """Yield what a port of localhost is that only exists in the cluster."""
    if request.origin == "inside":
        yield Finding(
            "localhost-inside-a-pod",
            f"{request.host} inside a pod is that pod itself: only its own containers listen there.",
            "kubectl get services",
            (),
            CONNECT,
        )
        return
    services = [
        service
        for service in (*snapshot.list(SERVICES, request.namespace), *snapshot.everywhere(SERVICES))
        if any(entry.get("port") == request.port for entry in dig(service, "spec", "ports", default=[]))
    ]
    text = f"{request.host}:{request.port} is a port of this machine; nothing of the cluster listens there"
    if services:
        name, where = name_of(services[0]), namespace_of(services[0])
        node = next((e["nodePort"] for e in dig(services[0], "spec", "ports", default=[]) if e.get("nodePort")), 0)
        yield Finding(
            "port-forward-missing",
            f"{text}. {request.port} is the port of {said(services[0], 'Service')} inside the cluster: "
            + (f"from here its NodePort {node} is open." if node else "forward it (as long as the command runs)."),
            in_namespace(f"kubectl port-forward service/{name} {request.port}:{request.port}", where),
            (f"Service {name} port {request.port}" + (f", NodePort {node}" if node else ""),),
            CONNECT,
        )
        return
    pods = [pod for pod in snapshot.list(PODS, request.namespace) if request.port in container_ports(pod).values()]
    target = f"pod/{name_of(pods[0])} {request.port}" if pods else f"service/NAME {request.port}:PORT"
    yield Finding(
        "port-forward-missing",
        f"{text}, unless a kubectl port-forward runs that serves it (it ends with its command).",
        in_namespace(f"kubectl port-forward {target}", request.namespace),
        (),
        CONNECT,
    )
