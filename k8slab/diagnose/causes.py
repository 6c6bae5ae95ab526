"""Rules in the order in which they are tried: the first that sees its sign names the cause and the next command."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from k8slab.kube.objects import Obj, dig, find_condition, labels_of, name_of, namespace_of
from k8slab.kube.resources import DEPLOYMENTS, PODS, SERVICES, Catalog
from k8slab.kube.selectors import label_selector_of
from k8slab.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Cause:
    """A sentence and the command to type next."""

    text: str = ""
    command: str = ""


# A rule sees the picture, the kind and name of the mismatched path, and reports causes; the first one counts.
Rule = Callable[[Snapshot, str, str], Iterator[Cause]]


def likely_cause(snapshot: Snapshot, paths: Sequence[str]) -> Cause:
    """Return the first cause that a rule finds for the mismatched paths (``Deployment/my-dep spec.replicas``)."""
    for rule in _RULES:
        for path in paths:
            # How many replicas there are explains nothing about another field.
            if rule is _replicas and "eplicas" not in path and "endpoints" not in path:
                continue
            kind, _, name = path.partition(" ")[0].partition("/")
            for cause in rule(snapshot, kind, name):
                return cause
    return Cause("", "%kubectl get all") if paths else Cause()


def _missing(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    resource = Catalog().named(kind) if name else None
    if resource is None or snapshot.get(resource, name) is not None:
        return
    elsewhere = [entry for entry in snapshot.everywhere(resource) if name_of(entry) == name]
    if elsewhere:
        where = namespace_of(elsewhere[0])
        text = f"{kind} {name} exists in namespace {where}, not in {snapshot.namespace}."
        yield Cause(text, f"%kubectl get {resource.plural} -n {where}")
        return
    near = difflib.get_close_matches(name, [name_of(entry) for entry in snapshot.list(resource)], 1, 0.5)
    if near:
        yield Cause(
            f"There is no {kind} called {name}, but there is one called {near[0]}.", f"%kubectl get {resource.plural}"
        )
    else:
        yield Cause(f"There is no {kind} called {name} yet.", f"%kubectl get {resource.plural}")


def _pods_of(snapshot: Snapshot, kind: str, name: str) -> Sequence[Obj]:
    if kind == "Deployment":
        obj = snapshot.get(DEPLOYMENTS, name)
        selector = label_selector_of(dig(obj, "spec", "selector")) if obj else None
    else:
        obj = snapshot.get(SERVICES, name) if kind == "Service" else None
        selector = label_selector_of({"matchLabels": dig(obj, "spec", "selector", default={})}) if obj else None
    return snapshot.list(PODS, selector=selector) if selector else ()


def _waiting(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    for pod in _pods_of(snapshot, kind, name):
        for status in dig(pod, "status", "containerStatuses", default=[]):
            reason = str(dig(status, "state", "waiting", "reason", default=""))
            if reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
                text = f"The image {status.get('image')!r} of pod {name_of(pod)} cannot be pulled: is it spelt right?"
                yield Cause(text, f"%kubectl describe pod {name_of(pod)}")
            if reason == "CrashLoopBackOff" or dig(status, "state", "terminated", "exitCode", default=0):
                text = f"Container {status['name']} of pod {name_of(pod)} ends again and again."
                yield Cause(text, f"%kubectl logs {name_of(pod)} --previous")


def _unscheduled(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    for pod in _pods_of(snapshot, kind, name):
        condition = find_condition(pod, "PodScheduled")
        if condition and condition.get("status") == "False":
            text = f"Pod {name_of(pod)} finds no node: {condition.get('message', '')}"
            yield Cause(text, f"%kubectl describe pod {name_of(pod)}")


def _selector(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    service = snapshot.get(SERVICES, name) if kind == "Service" else None
    wanted = dig(service, "spec", "selector", default={}) if service else {}
    if not wanted or _pods_of(snapshot, kind, name):
        return
    asked = ", ".join(f"{key}={value}" for key, value in wanted.items())
    have = sorted({f"{key}={value}" for pod in snapshot.list(PODS) for key, value in labels_of(pod).items()})
    text = f"The selector of Service {name} ({asked}) matches no pod. Pods here have: {', '.join(have) or 'none'}."
    yield Cause(text, "%kubectl get pods --show-labels")


def _replicas(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    deployment = snapshot.get(DEPLOYMENTS, name) if kind == "Deployment" else None
    if deployment is None:
        return
    if dig(deployment, "spec", "paused"):
        yield Cause(f"Deployment {name} is paused.", f"%kubectl rollout resume deployment/{name}")
    wanted, ready = (
        dig(deployment, "spec", "replicas", default=0),
        dig(deployment, "status", "readyReplicas", default=0),
    )
    if wanted == ready:
        yield Cause(
            f"Deployment {name} wants {wanted} replicas and has them.", f"%kubectl scale deployment {name} --replicas=N"
        )
    else:
        yield Cause(f"Only {ready} of {wanted} pods are ready.", "%kubectl get pods")


def _unready(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    for pod in _pods_of(snapshot, kind, name):
        condition = find_condition(pod, "Ready")
        if condition and condition.get("status") == "False":
            yield Cause(
                f"Pod {name_of(pod)} is not ready: {condition.get('message', '')}",
                f"%kubectl describe pod {name_of(pod)}",
            )


def _no_pods(snapshot: Snapshot, kind: str, name: str) -> Iterator[Cause]:
    service = snapshot.get(SERVICES, name)
    if kind == "Service" and service and dig(service, "spec", "selector") and not _pods_of(snapshot, kind, name):
        yield Cause(f"Service {name} has no pods behind it.", "%kubectl get pods --show-labels")


def _request(snapshot: Snapshot, kind: str, _name: str) -> Iterator[Cause]:
    if not kind.isupper():
        return
    services = snapshot.list(SERVICES)
    for service in services:
        for rule in (_selector, _waiting, _unready, _no_pods):
            yield from rule(snapshot, "Service", name_of(service))
    pods = snapshot.list(PODS)
    open_ports = {
        port["containerPort"] for pod in pods for c in pod["spec"]["containers"] for port in c.get("ports") or []
    }
    for service in services:
        for port in dig(service, "spec", "ports", default=[]):
            target = port.get("targetPort")
            selected = dig(service, "spec", "selector")
            if selected and open_ports and isinstance(target, int) and target not in open_ports:
                shown = ", ".join(map(str, sorted(open_ports)))
                text = f"Service {name_of(service)} sends to port {target}, but the containers declare {shown}."
                yield Cause(text, f"%kubectl describe service {name_of(service)}")
            if selected and target == port.get("port") != 80:  # noqa: PLR2004 - nginx listens on 80
                text = (
                    f"Service {name_of(service)} sends to port {target} of its pods (targetPort), where nothing may "
                    "listen: nginx listens on port 80."
                )
                yield Cause(text, f"%kubectl describe service {name_of(service)}")


_RULES: tuple[Rule, ...] = (_missing, _waiting, _unscheduled, _selector, _unready, _replicas, _request)
