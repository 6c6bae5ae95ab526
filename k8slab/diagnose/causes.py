"""The likely cause of what a check found wrong: by the same rules as the diagnosis of a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from k8slab.diagnose.backends import service_findings
from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.pods import pod_findings
from k8slab.diagnose.report import Diagnosis
from k8slab.diagnose.words import in_namespace, near
from k8slab.diagnose.workloads import workload_findings
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import DEPLOYMENTS, PODS, REPLICA_SETS, SERVICES, Catalog, Resource
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import is_ready, pods_selected_by


@dataclass(frozen=True, slots=True)
class Cause:
    """A sentence and the command to type next."""

    text: str = ""
    command: str = ""


# What a mismatch is about: ``Deployment/my-dep spec.replicas`` or ``GET http://...``.
Paths = Sequence[str]


def likely_cause(snapshot: Snapshot, paths: Paths, requests: Mapping[str, Diagnosis] | None = None) -> Cause:
    """Return the first cause for the mismatched paths; ``requests`` are the diagnoses of those that are URLs.

    What is missing comes first, wherever it stands among the paths, then what is broken, and numbers last.
    """
    for rule in (_missing, _broken, _replicas):
        for path in paths:
            found = next(rule(snapshot, path), None)
            if found is not None:
                return found
        asked = next((cause for path in paths if (cause := _of_request(path, requests or {}))), None)
        if rule is _broken and asked is not None:
            return asked
    return Cause("", "%kubectl get all") if paths else Cause()


def _of_request(path: str, requests: Mapping[str, Diagnosis]) -> Cause | None:
    diagnosis = next((entry for url, entry in requests.items() if path.startswith(url)), None)
    return _cause(diagnosis.first) if diagnosis is not None and diagnosis.first is not None else None


def _cause(finding: Finding) -> Cause:
    prefix = "" if finding.command.startswith("%") or not finding.command else "%"
    return Cause(finding.text, f"{prefix}{finding.command}")


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a path is about; no resource for a request. ``namespace`` is empty for the learner's own."""

    resource: Resource | None
    name: str
    namespace: str
    obj: Obj | None


def _subject(snapshot: Snapshot, path: str) -> _Subject:
    first, *rest = path.split(" ")
    kind, _, name = first.partition("/")
    namespace = rest[1] if rest[:1] == ["-n"] else ""
    resource = Catalog().named(kind) if name else None
    return _Subject(resource, name, namespace, snapshot.get(resource, name, namespace or None) if resource else None)


def _broken(snapshot: Snapshot, path: str) -> Iterator[Cause]:
    subject = _subject(snapshot, path)
    resource, obj = subject.resource, subject.obj
    if resource is None or obj is None:
        return
    if resource == PODS and not is_ready(obj):
        yield from (_cause(entry) for entry in pod_findings(snapshot, obj, Evidence()))
    elif resource == SERVICES:
        yield from (_cause(entry) for entry in service_findings(snapshot, obj, None, Evidence()) if not entry.doubt)
    elif resource in (DEPLOYMENTS, REPLICA_SETS):
        for pod in pods_selected_by(snapshot, obj):
            if not is_ready(pod):
                yield from (_cause(entry) for entry in pod_findings(snapshot, pod, Evidence()))
        if dig(obj, "status", "readyReplicas", default=0) < dig(obj, "spec", "replicas", default=0):
            yield from (_cause(entry) for entry in workload_findings(snapshot, resource, obj))


def _replicas(snapshot: Snapshot, path: str) -> Iterator[Cause]:
    subject = _subject(snapshot, path)
    resource, name, workload = subject.resource, subject.name, subject.obj
    # How many replicas there are explains nothing about another field.
    if resource not in (DEPLOYMENTS, REPLICA_SETS) or workload is None or "eplicas" not in path:
        return
    where = namespace_of(workload)
    if dig(workload, "spec", "paused"):
        command = in_namespace(f"%kubectl rollout resume deployment/{name}", where)
        yield Cause(f"{resource.kind} {name} is paused.", command)
    wanted, ready = dig(workload, "spec", "replicas", default=0), dig(workload, "status", "readyReplicas", default=0)
    if wanted == ready:
        command = in_namespace(f"%kubectl scale {resource.singular} {name} --replicas=N", where)
        yield Cause(f"{resource.kind} {name} wants {wanted} replicas and has them.", command)
    else:
        yield Cause(f"Only {ready} of {wanted} pods are ready.", in_namespace("%kubectl get pods", where))


def _missing(snapshot: Snapshot, path: str) -> Iterator[Cause]:
    subject = _subject(snapshot, path)
    resource, name = subject.resource, subject.name
    if resource is None or subject.obj is not None:
        return
    kind, own = path.partition("/")[0], subject.namespace or snapshot.namespace
    elsewhere = [entry for entry in snapshot.everywhere(resource) if name_of(entry) == name]
    like = near(name, [name_of(entry) for entry in snapshot.list(resource, own)], 0.5)
    command = f"%kubectl get {resource.plural}"
    if elsewhere:
        where = namespace_of(elsewhere[0])
        yield Cause(f"{kind} {name} exists in namespace {where}, not in {own}.", f"{command} -n {where}")
        return
    command = f"{command} -n {subject.namespace}" if subject.namespace else command
    if like:
        yield Cause(f"There is no {kind} called {name}, but there is one called {like}.", command)
    else:
        yield Cause(f"There is no {kind} called {name} yet.", command)
