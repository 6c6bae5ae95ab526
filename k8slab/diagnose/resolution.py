"""Names that lead nowhere: misspelt, in another namespace, or asked for in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.names import Meaning
from k8slab.diagnose.request import Request
from k8slab.diagnose.words import in_namespace, listed, near
from k8slab.diagnose.workloads import WORKLOADS
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import DEPLOYMENTS, NAMESPACES, PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import hosts

# What whole names of Services end with, behind name and namespace.
_SUFFIX = "svc.cluster.local"
_SHORT = 2
_UNKNOWN = frozenset({"dns", "timeout", "refused"})


def resolution_findings(snapshot: Snapshot, request: Request, meaning: Meaning) -> Iterator[Finding]:
    """Yield why the host of the request does not lead to anything in the cluster."""
    suffix = _wrong_suffix(snapshot, request) if meaning.kind in ("cluster-name", "name") else None
    if suffix is not None:
        yield suffix
    elif meaning.kind == "cluster-name":
        yield from _no_such_service(snapshot, request, meaning)
    elif meaning.kind == "name":
        yield _foreign_name(snapshot, request)
    elif meaning.kind == "address":
        yield _foreign_address(snapshot, meaning.name)
    elif meaning.kind == "pod-name":
        yield from _pod_of_headless(snapshot, meaning)
    elif meaning.kind in ("service", "pod") and request.origin == "outside":
        yield _from_outside(request, meaning)
    if request.origin == "inside" and meaning.kind not in ("address", "pod", "local"):
        yield from _dns_server(snapshot)
        yield from _dns_policy(snapshot, request)


def _no_such_service(snapshot: Snapshot, request: Request, meaning: Meaning) -> Iterator[Finding]:
    name, where = meaning.name, meaning.namespace
    spaces = [name_of(space) for space in snapshot.list(NAMESPACES)]
    shown = f"{request.host} asks for Service {name} in namespace {where}"
    elsewhere = [service for service in snapshot.everywhere(SERVICES) if name_of(service) == name]
    if where not in spaces and spaces:
        swapped = snapshot.get(SERVICES, where, name) if name in spaces else None
        if swapped is not None:
            yield _swapped(name, where, shown)
            return
        like = near(where, spaces)
        found = [namespace_of(service) for service in elsewhere]
        hint = f" Did you mean {name}.{found[0] if found else like}?" if found or like else ""
        yield _finding(
            "dns-namespace-unknown", f"There is no namespace {where}.{hint}", "kubectl get namespaces", shown
        )
    elif elsewhere:
        other = namespace_of(elsewhere[0])
        yield _finding(
            "service-in-another-namespace",
            f"Service {name} exists in namespace {other}, not in {where}: short names mean the sender's own "
            "namespace. Ask "
            f"for {name}.{other}",
            f"kubectl get services -n {other}",
            shown,
        )
    else:
        yield _missing(snapshot, name, where, shown)


def _wrong_suffix(snapshot: Snapshot, request: Request) -> Finding | None:
    """Return what is wrong with the end of a whole name of an existing Service; None for other names."""
    labels = request.host.lower().rstrip(".").split(".")
    end = ".".join(labels[2:])
    if len(labels) <= _SHORT or snapshot.get(SERVICES, labels[0], labels[1]) is None or end in ("svc", _SUFFIX):
        return None
    if not near(end, ("svc", _SUFFIX, "cluster.local", "service.cluster.local")) and end != "cluster.local":
        return None
    text = f"The name's end {end} is wrong: the whole name is {labels[0]}.{labels[1]}.{_SUFFIX}"
    return _finding("dns-suffix-wrong", text, f"kubectl get services -n {labels[1]}", f"{request.host}")


def _swapped(namespace: str, service: str, shown: str) -> Finding:
    text = f"The name is turned round: write {service}.{namespace} (Service, then namespace)."
    return _finding("dns-name-swapped", text, f"kubectl get services -n {namespace}", shown)


def _missing(snapshot: Snapshot, name: str, where: str, shown: str) -> Finding:
    command = in_namespace("kubectl get services", where)
    here = [name_of(service) for service in snapshot.list(SERVICES, where)]
    pods = [name_of(pod) for pod in snapshot.list(PODS, where)]
    if name in pods:
        return _finding(
            "pod-name-is-no-address",
            f"{name} is a pod, and names of pods are not in DNS: put a Service before it.",
            in_namespace(f"kubectl expose pod {name} --port=80", where),
            shown,
        )
    owner = next(
        (entry for resource in WORKLOADS for entry in snapshot.list(resource, where) if name_of(entry) == name), None
    )
    if owner is not None:
        kind = next(resource for resource in WORKLOADS if snapshot.get(resource, name, where) is owner)
        verb = f"kubectl expose {kind.singular} {name} --port={_port(owner)}"
        text = f"{kind.kind} {name} has no Service: only Services have names that others can ask for."
        return _finding("service-missing", text, in_namespace(verb, where), shown)
    like = near(name, here)
    if like:
        return _finding(
            "service-name-misspelt",
            f"There is no Service {name} in namespace {where}, but there is one called {like}.",
            command,
            shown,
        )
    near_pods = near(name, [name_of(entry) for entry in snapshot.list(DEPLOYMENTS, where)])
    text = f"There is no Service {name} in namespace {where}. Services here: {listed(here)}."
    text += f" (Deployment {near_pods} has none of that name.)" if near_pods else ""
    return _finding("service-missing", text, command, shown)


def _port(workload: Obj) -> int:
    return int(dig(workload, "spec", "template", "spec", "containers", 0, "ports", 0, "containerPort", default=80))


def _foreign_name(snapshot: Snapshot, request: Request) -> Finding:
    known = list(hosts(snapshot))
    like = near(request.host, known)
    if like:
        return _finding(
            "host-misspelt",
            f"No Ingress has the host {request.host}; there is one for {like}.",
            "kubectl get ingress -A",
            f"hosts of Ingresses: {listed(known)}",
        )
    text = f"{request.host} is neither a name of the cluster's DNS nor the host of an Ingress."
    return _finding("name-unknown", text, "kubectl get services,ingress -A", f"hosts of Ingresses: {listed(known)}")


def _foreign_address(snapshot: Snapshot, address: str) -> Finding:
    known = [str(dig(service, "spec", "clusterIP")) for service in snapshot.everywhere(SERVICES)]
    text = (
        f"{address} is the address of no Service, pod or node now: addresses of pods change, names of Services do not."
    )
    return _finding(
        "address-unknown", text, "kubectl get services,pods -A -o wide", f"Service addresses: {listed(known)}"
    )


def _from_outside(request: Request, meaning: Meaning) -> Finding:
    node_port = next(
        (entry["nodePort"] for entry in dig(meaning.obj, "spec", "ports", default=[]) if entry.get("nodePort")), 0
    )
    what = (
        f"the ClusterIP of Service {meaning.name}"
        if meaning.kind == "service"
        else f"the address of pod {meaning.name}"
    )
    hint = f" From here: http://127.0.0.1:{node_port}/ (its NodePort)." if node_port else ""
    return Finding(
        "cluster-ip-from-outside",
        f"{request.host} is {what}: it exists only inside the cluster, and this request starts outside.{hint}",
        f"%curl --from inside {request.url}",
        (f"{what}: {request.host}",),
    )


def _pod_of_headless(snapshot: Snapshot, meaning: Meaning) -> Iterator[Finding]:
    service = meaning.obj or {}
    pods = {
        str(dig(pod, "spec", "hostname", default="")): pod
        for pod in snapshot.list(PODS, meaning.namespace)
        if dig(pod, "spec", "subdomain") == meaning.name
    }
    command = in_namespace("kubectl get pods -o wide", meaning.namespace)
    if snapshot.get(SERVICES, meaning.name, meaning.pod) is not None:
        yield _swapped(meaning.pod, meaning.name, f"{meaning.pod} is a namespace")
        return
    if dig(service, "spec", "clusterIP") != "None":
        yield _finding(
            "service-not-headless",
            f"Service {meaning.name} is not headless (clusterIP: None), so its pods have no names of their own.",
            command,
            f"spec.clusterIP: {dig(service, 'spec', 'clusterIP')}",
        )
    elif meaning.pod not in pods:
        like = near(meaning.pod, list(pods))
        hint = f" Did you mean {like}?" if like else ""
        yield _finding(
            "pod-hostname-unknown",
            f"No pod of Service {meaning.name} is called {meaning.pod} "
            "(spec.hostname and "
            "spec.subdomain; a StatefulSet sets them). There are: "
            f"{listed(pods)}.{hint}",
            command,
            "",
        )


def _dns_policy(snapshot: Snapshot, request: Request) -> Iterator[Finding]:
    """Yield that the sending pod does not ask the cluster's DNS at all."""
    pod = snapshot.get(PODS, request.pod, request.namespace) if request.pod else None
    policy = dig(pod, "spec", "dnsPolicy", default="ClusterFirst") if pod else "ClusterFirst"
    host_network = pod is not None and dig(pod, "spec", "hostNetwork") and policy == "ClusterFirst"
    if policy == "Default" or host_network:
        yield Finding(
            "dns-policy",
            f"Pod {request.pod} does not ask the cluster's DNS (dnsPolicy: {policy}), so it knows no Services by name.",
            in_namespace(f"kubectl get pod {request.pod} -o yaml", request.namespace),
            (f"Pod {request.pod} spec.dnsPolicy: {policy}",),
            frozenset({"dns"}),
        )


def _dns_server(snapshot: Snapshot) -> Iterator[Finding]:
    server = snapshot.get(DEPLOYMENTS, "coredns", "kube-system")
    if server is not None and not dig(server, "status", "readyReplicas", default=0):
        yield _finding(
            "dns-server-down",
            "The cluster's DNS server (coredns) has no ready pod: no name resolves.",
            "kubectl get pods -n kube-system -l k8s-app=kube-dns",
            "Deployment coredns: 0 ready",
        )


def _finding(cause: str, text: str, command: str, shown: str) -> Finding:
    return Finding(cause, text, command, (shown,) if shown else (), _UNKNOWN)
