"""Pods that are going, that have ended, or whose node is lost."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, name_of, namespace_of
from k8slab.kube.resources import NAMESPACES, NODES
from k8slab.snapshot import Snapshot


def ending_findings(snapshot: Snapshot, pod: Obj, _evidence: Evidence) -> Iterator[Finding]:
    """Yield: namespace or pod terminating, pod evicted or ended, node not ready."""
    name, where = name_of(pod), namespace_of(pod)
    space = snapshot.get(NAMESPACES, where)
    if space is not None and (is_deleting(space) or dig(space, "status", "phase") == "Terminating"):
        yield Finding(
            "namespace-terminating",
            f"Namespace {where} is being deleted, with everything in it.",
            f"kubectl get namespace {where} -o yaml",
            (f"Namespace {where} status.phase: Terminating",),
            UNREACHED,
        )
    if is_deleting(pod):
        held = dig(pod, "metadata", "finalizers", default=[])
        why = f" It waits for the finalizers {', '.join(held)}." if held else ""
        yield Finding(
            "pod-terminating",
            f"Pod {name} is being deleted and gets no requests any more.{why}",
            in_namespace(f"kubectl get pod {name} -o yaml", where),
            (f"Pod {name} metadata.deletionTimestamp: {dig(pod, 'metadata', 'deletionTimestamp')}",),
            UNREACHED,
        )
    if dig(pod, "status", "phase") in ("Failed", "Succeeded"):
        reason, message = dig(pod, "status", "reason", default=""), dig(pod, "status", "message", default="")
        cause = "pod-evicted" if reason == "Evicted" else "pod-ended"
        yield Finding(
            cause,
            f"Pod {name} has ended for good ({reason or dig(pod, 'status', 'phase')}). {message}".strip(),
            in_namespace(f"kubectl describe pod {name}", where),
            (f"status.phase: {dig(pod, 'status', 'phase')}",),
            UNREACHED,
        )
    yield from _node(snapshot, pod)


def _node(snapshot: Snapshot, pod: Obj) -> Iterator[Finding]:
    wanted = dig(pod, "spec", "nodeName", default="")
    node = snapshot.get(NODES, wanted) if wanted else None
    if wanted and node is None and snapshot.list(NODES):
        yield Finding(
            "node-missing",
            f"Pod {name_of(pod)} is bound to node {wanted}, which does not exist.",
            "kubectl get nodes",
            (f"spec.nodeName: {wanted}",),
            UNREACHED,
        )
    condition = find_condition(node, "Ready") if node else None
    if condition is not None and condition.get("status") != "True":
        yield Finding(
            "node-not-ready",
            f"Node {wanted}, on which pod {name_of(pod)} runs, is not ready: {condition.get('message', '')}",
            f"kubectl describe node {wanted}",
            (f"Node {wanted} condition Ready: {condition.get('status')}",),
            UNREACHED,
        )
