"""Workloads that make no pods: scaled to nothing, paused, or refused by a quota, a limit, an account, a policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Finding
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, name_of, namespace_of
from k8slab.kube.resources import DAEMON_SETS, DEPLOYMENTS, NAMESPACES, REPLICA_SETS, STATEFUL_SETS, Resource
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import pods_of_replica_set, pods_selected_by, replica_sets_of

WORKLOADS: tuple[Resource, ...] = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, REPLICA_SETS)
# Why the API server refused a pod, by its message; the first sign counts.
_REFUSALS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"exceeded quota: ([^,]+)",
        "quota-exceeded",
        "the quota {0} of the namespace is used up",
        "kubectl describe resourcequota",
    ),
    (
        r"failed quota: ([^:]+): must specify",
        "quota-needs-requests",
        "the quota {0} demands requests or limits that the pod does not state",
        "kubectl describe resourcequota",
    ),
    (
        r"(maximum|minimum) \S+ usage per|limit to request ratio",
        "limit-range-exceeded",
        "a LimitRange of the namespace forbids its requests or limits",
        "kubectl describe limitrange",
    ),
    (
        r"serviceaccount \"([^\"]+)\" not found",
        "service-account-missing",
        "its ServiceAccount {0} does not exist",
        "kubectl get serviceaccounts",
    ),
    (
        r"violates PodSecurity \"?([^\":]+)",
        "pod-security-violated",
        "the namespace's Pod Security level {0} forbids it",
        "kubectl get namespace {ns} --show-labels",
    ),
    (
        r"failed calling webhook \"([^\"]+)\"",
        "webhook-unreachable",
        "the admission webhook {0} cannot be reached",
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
    ),
    (
        r"admission webhook \"([^\"]+)\" denied",
        "admission-refused",
        "the admission webhook {0} denied it",
        "kubectl get validatingwebhookconfigurations",
    ),
    (
        r"because it is being terminated",
        "namespace-terminating",
        "the namespace is being deleted",
        "kubectl get namespaces",
    ),
    (
        r"persistentvolumeclaim \"([^\"]+)\"",
        "volume-claim-missing",
        "its claim {0} cannot be made",
        "kubectl get persistentvolumeclaims",
    ),
)


def workload_findings(snapshot: Snapshot, resource: Resource, workload: Obj) -> Iterator[Finding]:
    """Yield why a workload has no pods, or fewer than it should (nothing when it has them)."""
    where, name = namespace_of(workload), name_of(workload)
    ref = f"{resource.singular}/{name}"
    space = snapshot.get(NAMESPACES, where)
    if space is not None and is_deleting(space):
        yield Finding(
            "namespace-terminating",
            f"Namespace {where} is being deleted: nothing new is made in it.",
            f"kubectl get namespace {where} -o yaml",
            (f"Namespace {where}: Terminating",),
            UNREACHED,
        )
    if dig(workload, "spec", "replicas", default=1) == 0:
        yield Finding(
            "scaled-to-zero",
            f"{resource.kind} {name} is scaled to 0: it has no pods.",
            in_namespace(f"kubectl scale {ref} --replicas=1", where),
            (f"{resource.kind} {name} spec.replicas: 0",),
            UNREACHED,
        )
        return
    yield from _refused(snapshot, resource, workload)
    if dig(workload, "spec", "paused") and not _has_current_pods(snapshot, workload):
        yield Finding(
            "deployment-paused",
            f"Deployment {name} is paused: its changes make no pods.",
            in_namespace(f"kubectl rollout resume {ref}", where),
            (f"Deployment {name} spec.paused: true",),
            UNREACHED,
        )


def _has_current_pods(snapshot: Snapshot, deployment: Obj) -> bool:
    owned = replica_sets_of(snapshot, deployment)
    return any(pods_of_replica_set(snapshot, entry) for entry in owned)


def _refused(snapshot: Snapshot, resource: Resource, workload: Obj) -> Iterator[Finding]:
    makers = [workload, *(replica_sets_of(snapshot, workload) if resource.kind == "Deployment" else ())]
    for maker in makers:
        wanted, there = dig(maker, "spec", "replicas", default=1), len(pods_selected_by(snapshot, maker))
        condition = find_condition(maker, "ReplicaFailure") or {}
        message = str(condition.get("message") or last_event(snapshot, maker, ("FailedCreate",)))
        if not message or there >= wanted:
            continue
        yield refusal(message, f"Pods of {resource.kind} {name_of(workload)}", namespace_of(workload))
        return


def refusal(message: str, what: str, namespace: str) -> Finding:
    """Return the finding for a message with which the API server refused to make something."""
    for sign, cause, text, command in _REFUSALS:
        found = re.search(sign, message)
        if found:
            why = text.format(*found.groups())
            shown = in_namespace(command.format(ns=namespace), namespace) if "{ns}" not in command else command
            shown = shown.replace("{ns}", namespace)
            return Finding(cause, f"{what} are refused: {why}.", shown, (message,), UNREACHED)
    return Finding(
        "create-refused",
        f"{what} are refused: {message}",
        in_namespace("kubectl get events", namespace),
        (message,),
        UNREACHED,
    )


def rollout_findings(snapshot: Snapshot, deployment: Obj) -> Iterator[Finding]:
    """Yield that a rollout does not get on while older pods still serve (what answers is then the old version)."""
    progress = find_condition(deployment, "Progressing") or {}
    updated = dig(deployment, "status", "updatedReplicas", default=0)
    ready = dig(deployment, "status", "readyReplicas", default=0)
    wanted = dig(deployment, "spec", "replicas", default=1)
    name, where = name_of(deployment), namespace_of(deployment)
    if progress.get("reason") == "ProgressDeadlineExceeded" or (
        ready and len(replica_sets_with_pods(snapshot, deployment)) > 1
    ):
        yield Finding(
            "rollout-stuck",
            f"The rollout of Deployment {name} is not done ({updated} of {wanted} pods are of the new version, {ready} "
            "ready): older pods still answer.",
            in_namespace(f"kubectl rollout status deployment/{name} --timeout=10s", where),
            (f"condition Progressing: {progress.get('reason')}: {progress.get('message')}",),
            frozenset({"ok"}),
            doubt=True,
        )
    elif dig(deployment, "spec", "paused"):
        yield Finding(
            "deployment-paused",
            f"Deployment {name} is paused: what was changed since then is not rolled out.",
            in_namespace(f"kubectl rollout resume deployment/{name}", where),
            (f"Deployment {name} spec.paused: true",),
            frozenset({"ok"}),
            doubt=True,
        )


def replica_sets_with_pods(snapshot: Snapshot, deployment: Obj) -> list[Obj]:
    """Return the versions of a Deployment that have pods."""
    return [entry for entry in replica_sets_of(snapshot, deployment) if pods_of_replica_set(snapshot, entry)]
