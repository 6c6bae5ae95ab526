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
from k8slab.kube.resources import DEPLOYMENTS, REPLICA_SETS, SERVICES, Catalog, Resource
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
    """Return the first cause for the mismatched paths; ``requests`` are the diagnoses of those that are URLs."""
    for path in paths:
        if path.partition(" ")[0].isupper():
            found = _of_request(path, requests or {})
        else:
            found = next(_of_object(snapshot, path), None)
        if found is not None:
            return found
    return Cause("", "%kubectl get all") if paths else Cause()


def _of_request(path: str, requests: Mapping[str, Diagnosis]) -> Cause | None:
    diagnosis = next((entry for url, entry in requests.items() if path.startswith(url)), None)
    return _cause(diagnosis.first) if diagnosis is not None and diagnosis.first is not None else None


def _cause(finding: Finding) -> Cause:
    prefix = "" if finding.command.startswith("%") or not finding.command else "%"
    return Cause(finding.text, f"{prefix}{finding.command}")


def _of_object(snapshot: Snapshot, path: str) -> Iterator[Cause]:
    kind, _, name = path.partition(" ")[0].partition("/")
    resource = Catalog().named(kind) if name else None
    if resource is None:
        return
    obj = snapshot.get(resource, name)
    if obj is None:
        yield _missing(snapshot, resource, kind, name)
    elif resource == SERVICES:
        yield from (_cause(entry) for entry in service_findings(snapshot, obj, None, Evidence()) if not entry.doubt)
    elif resource in (DEPLOYMENTS, REPLICA_SETS):
        yield from _of_workload(snapshot, resource, obj, path)


def _of_workload(snapshot: Snapshot, resource: Resource, workload: Obj, path: str) -> Iterator[Cause]:
    for pod in pods_selected_by(snapshot, workload):
        if not is_ready(pod):
            yield from (_cause(entry) for entry in pod_findings(snapshot, pod, Evidence()))
    asks_for_replicas = "eplicas" in path
    wanted, ready = (
        dig(workload, "spec", "replicas", default=0),
        dig(workload, "status", "readyReplicas", default=0),
    )
    if ready < wanted:
        yield from (_cause(entry) for entry in workload_findings(snapshot, resource, workload))
    # How many replicas there are explains nothing about another field.
    if not asks_for_replicas:
        return
    name, where = name_of(workload), namespace_of(workload)
    if dig(workload, "spec", "paused"):
        yield Cause(
            f"{resource.kind} {name} is paused.", in_namespace(f"%kubectl rollout resume deployment/{name}", where)
        )
    if wanted == ready:
        command = in_namespace(f"%kubectl scale {resource.singular} {name} --replicas=N", where)
        yield Cause(f"{resource.kind} {name} wants {wanted} replicas and has them.", command)
    else:
        yield Cause(f"Only {ready} of {wanted} pods are ready.", in_namespace("%kubectl get pods", where))


def _missing(snapshot: Snapshot, resource: Resource, kind: str, name: str) -> Cause:
    elsewhere = [entry for entry in snapshot.everywhere(resource) if name_of(entry) == name]
    if elsewhere:
        where = namespace_of(elsewhere[0])
        text = f"{kind} {name} exists in namespace {where}, not in {snapshot.namespace}."
        return Cause(text, f"%kubectl get {resource.plural} -n {where}")
    like = near(name, [name_of(entry) for entry in snapshot.list(resource)], 0.5)
    if like:
        text = f"There is no {kind} called {name}, but there is one called {like}."
        return Cause(text, f"%kubectl get {resource.plural}")
    return Cause(f"There is no {kind} called {name} yet.", f"%kubectl get {resource.plural}")
