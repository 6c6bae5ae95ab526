"""From a Service's port to pods: port, selector, endpoints, target port, and the pods behind them."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.pods import pod_findings
from k8slab.diagnose.selectors import selector_findings
from k8slab.diagnose.target_ports import listening_findings, target_port_findings
from k8slab.diagnose.words import in_namespace, labels_text, listed, said
from k8slab.diagnose.workloads import WORKLOADS, rollout_findings, workload_findings
from k8slab.kube.objects import Obj, controller_of, dig, is_deleting, name_of, namespace_of
from k8slab.kube.resources import DEPLOYMENTS, PODS, Resource
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import endpoints_of, is_ready, pods_of_service, selector_of_service

_SEVERAL = 2


def port_of(service: Obj, wanted: int | str) -> Obj | None:
    """Return the Service's entry for a port (its number or its name)."""
    return next(
        (port for port in dig(service, "spec", "ports", default=[]) if wanted in (port.get("port"), port.get("name"))),
        None,
    )


def ports_text(service: Obj) -> str:
    """Return the ports: ``8000 (http) -> 80``."""
    shown = []
    for port in dig(service, "spec", "ports", default=[]):
        name = f" ({port['name']})" if port.get("name") else ""
        shown.append(f"{port.get('port')}{name} -> {port.get('targetPort')}")
    return listed(shown)


def service_findings(snapshot: Snapshot, service: Obj, port: Obj | None, evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong behind a Service that exists, at one of its ports (all of them without one)."""
    name, where = name_of(service), namespace_of(service)
    if is_deleting(service):
        yield Finding(
            "service-terminating",
            f"{said(service, 'Service')} is being deleted.",
            in_namespace(f"kubectl get service {name} -o yaml", where),
            (),
            UNREACHED,
        )
    if dig(service, "spec", "type") == "ExternalName":
        yield from _external(service)
        return
    if selector_of_service(service) is None:
        yield from _by_hand(snapshot, service)
        return
    if port is not None and port.get("protocol", "TCP") != "TCP":
        yield Finding(
            "port-not-tcp",
            f"Port {port.get('port')} of {said(service, 'Service')} is {port['protocol']}: HTTP needs TCP.",
            in_namespace(f"kubectl get service {name} -o yaml", where),
            (f"Service {name} spec.ports[].protocol: {port['protocol']}",),
            UNREACHED,
        )
    yield from endpoint_findings(snapshot, service, port, evidence)


def endpoint_findings(snapshot: Snapshot, service: Obj, port: Obj | None, evidence: Evidence) -> Iterator[Finding]:
    """Yield what is wrong with the pods that the Service selects."""
    pods = pods_of_service(snapshot, service)
    if not pods:
        yield from _no_pods(snapshot, service)
        return
    ready = [pod for pod in pods if is_ready(pod)]
    served = [entry for entry in endpoints_of(snapshot, service) if entry.ready]
    publishes = dig(service, "spec", "publishNotReadyAddresses") is True
    if not ready and not publishes:
        yield from _each_pod(snapshot, pods, evidence)
        return
    yield from target_port_findings(service, port, pods)
    if ready and not served:
        yield Finding(
            "endpoints-missing",
            f"{said(service, 'Service')} selects ready pods, but has no ready endpoint (does its EndpointSlice "
            "exist?).",
            in_namespace(
                f"kubectl get endpointslices -l kubernetes.io/service-name={name_of(service)}", namespace_of(service)
            ),
            (),
            UNREACHED,
        )
    yield from listening_findings(service, port, ready or list(pods))
    behind = workloads_behind(snapshot, service)
    for resource, workload in behind:
        if resource == DEPLOYMENTS:
            yield from rollout_findings(snapshot, workload)
    yield from _mixed(service, behind)


def _mixed(service: Obj, behind: list[tuple[Resource, Obj]]) -> Iterator[Finding]:
    """Yield that pods of several workloads answer: right for a canary, a surprise otherwise."""
    if len(behind) < _SEVERAL:
        return
    names = listed(f"{resource.kind} {name_of(workload)}" for resource, workload in behind)
    selector = labels_text(dig(service, "spec", "selector", default={}))
    yield Finding(
        "selector-too-broad",
        f"The selector {selector} of {said(service, 'Service')} takes pods of several workloads: {names}. Requests go"
        " to any of them.",
        in_namespace("kubectl get pods --show-labels", namespace_of(service)),
        (f"Service {name_of(service)} spec.selector: {selector}",),
        frozenset({"ok", "404", "502", "500", "403", "refused"}),
        doubt=True,
    )


def _each_pod(snapshot: Snapshot, pods: tuple[Obj, ...], evidence: Evidence) -> Iterator[Finding]:
    newest = sorted(pods, key=lambda pod: str(dig(pod, "metadata", "creationTimestamp", default="")), reverse=True)
    told: set[str] = set()
    # Pods that are going explain nothing while others are there.
    for pod in sorted(newest, key=is_deleting):
        for finding in pod_findings(snapshot, pod, evidence):
            if finding.cause not in told:
                told.add(finding.cause)
                yield finding


def _no_pods(snapshot: Snapshot, service: Obj) -> Iterator[Finding]:
    behind = workloads_behind(snapshot, service)
    found = [finding for resource, workload in behind for finding in workload_findings(snapshot, resource, workload)]
    if found:
        yield from found
        return
    ended = [finding for pod in _ended_pods(snapshot, service) for finding in pod_findings(snapshot, pod, Evidence())]
    yield from ended or selector_findings(snapshot, service, [workload for _, workload in behind])


def _ended_pods(snapshot: Snapshot, service: Obj) -> tuple[Obj, ...]:
    selector = selector_of_service(service)
    return snapshot.list(PODS, namespace_of(service), selector) if selector else ()


def workloads_behind(snapshot: Snapshot, service: Obj) -> list[tuple[Resource, Obj]]:
    """Return the workloads whose pods the Service selects, by their templates; a Deployment's ReplicaSets left out."""
    selector = selector_of_service(service)
    if selector is None:
        return []
    return [
        (resource, entry)
        for resource in WORKLOADS
        for entry in snapshot.list(resource, namespace_of(service))
        if selector.matches(dig(entry, "spec", "template", "metadata", "labels", default={}))
        and controller_of(entry) is None
    ]


def _external(service: Obj) -> Iterator[Finding]:
    target = str(dig(service, "spec", "externalName", default=""))
    yield Finding(
        "external-name-unresolvable",
        f"{said(service, 'Service')} is only another name for {target or '(nothing)'}: is that name right, and does it "
        "answer on this port?",
        in_namespace(f"kubectl get service {name_of(service)}", namespace_of(service)),
        (f"Service {name_of(service)} spec.externalName: {target}",),
        UNREACHED | {"dns"},
        doubt=True,
    )


def _by_hand(snapshot: Snapshot, service: Obj) -> Iterator[Finding]:
    if any(entry.ready for entry in endpoints_of(snapshot, service)):
        return
    yield Finding(
        "service-without-selector",
        f"{said(service, 'Service')} has no selector, and nobody has written endpoints for it.",
        in_namespace(f"kubectl edit service {name_of(service)}", namespace_of(service)),
        (f"Service {name_of(service)} spec.selector: (none)",),
        UNREACHED,
    )
