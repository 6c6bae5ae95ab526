"""The way of one request, hop by hop, from the declared objects and from the answer that came."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.answers import app_findings
from k8slab.diagnose.backends import port_of, ports_text, service_findings
from k8slab.diagnose.findings import CONNECT, Evidence, Finding, Hop
from k8slab.diagnose.ingress import ingress_hops
from k8slab.diagnose.names import Meaning, meaning_of, node_port_owner
from k8slab.diagnose.outside import local_port_findings, node_port_findings
from k8slab.diagnose.pods import pod_findings
from k8slab.diagnose.policies import policy_findings
from k8slab.diagnose.report import Diagnosis, diagnosis_of
from k8slab.diagnose.request import Request
from k8slab.diagnose.resolution import resolution_findings
from k8slab.diagnose.target_ports import target_number
from k8slab.diagnose.words import in_namespace, listed, near, said
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import endpoints_of, is_ready, pods_of_service


def diagnose(snapshot: Snapshot, request: Request, evidence: Evidence | None = None) -> Diagnosis:
    """Return the hops of the request and the first cause that keeps it from arriving."""
    given = evidence or Evidence()
    return diagnosis_of(request, tuple(_hops(snapshot, request, given)), given)


def _hops(snapshot: Snapshot, request: Request, evidence: Evidence) -> Iterator[Hop]:
    meaning = meaning_of(snapshot, request)
    found = tuple(resolution_findings(snapshot, request, meaning))
    yield Hop("name", _resolved(request, meaning), findings=found)
    if meaning.kind == "ingress":
        yield from ingress_hops(snapshot, request, evidence, _backend_hops)
    elif meaning.kind in ("service", "pod-name") and meaning.obj is not None:
        yield from service_hops(snapshot, request, evidence, meaning.obj)
    elif meaning.kind == "pod" and meaning.obj is not None:
        yield _pod_hop(snapshot, request, evidence, meaning.obj)
        yield _answer_hop(request, evidence, name_of(meaning.obj), namespace_of(meaning.obj))
    elif meaning.kind == "node":
        yield from _node_port_hops(snapshot, request, evidence)
    elif meaning.kind == "local":
        yield Hop(
            "port", f"port {request.port} of {request.host}", findings=tuple(local_port_findings(snapshot, request))
        )


_MEANINGS = {
    "service": "Service {where}/{name}",
    "pod": "pod {where}/{name}",
    "node": "a node of the cluster",
    "ingress": "the ingress controller",
    "local": "where the request starts itself",
    "address": "no object of the cluster",
    "cluster-name": "no Service {name} in namespace {where}",
    "pod-name": "a pod of Service {where}/{name}",
    "name": "nothing that the cluster knows",
}


def _resolved(request: Request, meaning: Meaning) -> str:
    return f"{request.host} is " + _MEANINGS[meaning.kind].format(where=meaning.namespace, name=meaning.name)


def _node_port_hops(snapshot: Snapshot, request: Request, evidence: Evidence) -> Iterator[Hop]:
    owner = node_port_owner(snapshot, request.port)
    found = tuple(node_port_findings(snapshot, request, evidence))
    yield Hop(
        "node port", f"NodePort {request.port}" + (f" of {said(owner, 'Service')}" if owner else ""), findings=found
    )
    if owner is not None:
        port = next(e for e in dig(owner, "spec", "ports", default=[]) if e.get("nodePort") == request.port)
        yield from _backend_hops(snapshot, request, evidence, owner, port, None)


def service_hops(snapshot: Snapshot, request: Request, evidence: Evidence, service: Obj) -> Iterator[Hop]:
    """Yield the hops from a Service that was asked for by name or address."""
    port = port_of(service, request.port)
    if dig(service, "spec", "clusterIP") == "None":
        yield from _headless(snapshot, request, evidence, service)
        return
    if port is None and dig(service, "spec", "type") != "ExternalName":
        yield Hop(
            "service", f"{said(service, 'Service')}: {ports_text(service)}", findings=(_wrong_port(service, request),)
        )
    yield from _backend_hops(snapshot, request, evidence, service, port, _sender(snapshot, request))


def _headless(snapshot: Snapshot, request: Request, evidence: Evidence, service: Obj) -> Iterator[Hop]:
    """Yield the hops of a Service whose name gives the pods' own addresses: its ports do not matter."""
    port = {"port": request.port, "targetPort": request.port, "name": ""}
    ports = dig(service, "spec", "ports", default=[])
    targets = {target_number(entry, pods_of_service(snapshot, service)) for entry in ports}
    if any(entry.get("port") == request.port for entry in ports) and request.port not in targets and any(targets):
        yield Hop(
            "service",
            f"{said(service, 'Service')} is headless",
            findings=(
                Finding(
                    "headless-port",
                    f"{said(service, 'Service')} is headless (clusterIP: None): its name gives the pods' "
                    "addresses, "
                    f"and port {request.port} is not translated. Ask the pods' own port {listed(sorted(targets))}.",
                    in_namespace(f"kubectl describe service {name_of(service)}", namespace_of(service)),
                    (f"Service {name_of(service)}: {ports_text(service)}",),
                    CONNECT,
                ),
            ),
        )
    yield from _backend_hops(snapshot, request, evidence, service, port, _sender(snapshot, request))


def _wrong_port(service: Obj, request: Request) -> Finding:
    name = name_of(service)
    known = [int(entry["port"]) for entry in dig(service, "spec", "ports", default=[])]
    targets = [entry for entry in dig(service, "spec", "ports", default=[]) if entry.get("targetPort") == request.port]
    hint = f" {request.port} is the port of its pods (targetPort)." if targets else ""
    return Finding(
        "port-not-of-service",
        f"{said(service, 'Service')} has no port {request.port}; it has {listed(known)}.{hint}",
        in_namespace(f"kubectl get service {name}", namespace_of(service)),
        (f"Service {name}: {ports_text(service)}",),
        CONNECT,
    )


def _sender(snapshot: Snapshot, request: Request) -> Obj | None:
    return snapshot.get(PODS, request.pod, request.namespace) if request.pod else None


def _backend_hops(
    snapshot: Snapshot,
    request: Request,
    evidence: Evidence,
    service: Obj,
    port: Obj | None,
    source: Obj | None,
    path: str = "",
) -> Iterator[Hop]:
    """Yield Service, pods and answer; ``source`` is the pod that sends, ``path`` what the app is asked for."""
    if port is not None:
        yield Hop("service", f"{said(service, 'Service')} port {port.get('port')} -> {port.get('targetPort')}")
    found = tuple(service_findings(snapshot, service, port, evidence))
    yield Hop("endpoints", _endpoints_text(snapshot, service), findings=found)
    pods = [pod for pod in pods_of_service(snapshot, service) if is_ready(pod)]
    if not pods and port is not None and any(entry.ready for entry in endpoints_of(snapshot, service)):
        yield _answer_hop(request, evidence, "", namespace_of(service), path)  # endpoints that are no pods
    if not pods or port is None:
        return
    number = target_number(port, pods)
    sender = (
        f"pod {name_of(source)}" if source else "outside the cluster" if request.origin == "outside" else "the sender"
    )
    blocked = tuple(policy_findings(snapshot, pods[0], number, source, sender)) if number else ()
    yield Hop("pod", f"pod {name_of(pods[0])} port {number}", findings=blocked)
    yield _answer_hop(request, evidence, name_of(pods[0]), namespace_of(pods[0]), path)


def _endpoints_text(snapshot: Snapshot, service: Obj) -> str:
    found = endpoints_of(snapshot, service)
    ready = [entry.pod or entry.address for entry in found if entry.ready]
    return f"{len(ready)} ready of {len(found)}: {listed(ready)}"


def _pod_hop(snapshot: Snapshot, request: Request, evidence: Evidence, pod: Obj) -> Hop:
    found = list(pod_findings(snapshot, pod, evidence))
    found += policy_findings(snapshot, pod, request.port, _sender(snapshot, request), "the sender")
    return Hop("pod", f"pod {name_of(pod)} port {request.port}", findings=tuple(found))


def _answer_hop(request: Request, evidence: Evidence, pod: str, namespace: str, path: str = "") -> Hop:
    found = tuple(app_findings(request, evidence, pod, namespace, path or request.path))
    return Hop("answer", f"{request.method} {path or request.path}", evidence.answer, found)


def nearest_service(snapshot: Snapshot, name: str, namespace: str) -> str:
    """Return the name of a Service that is spelt almost like this."""
    return near(name, [name_of(service) for service in snapshot.list(SERVICES, namespace)])
