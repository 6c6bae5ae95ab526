"""Pods that find no node: the scheduler's message, taken apart (k8s.io/kubernetes/pkg/scheduler/framework/plugins)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace, labels_text
from k8slab.kube.objects import Obj, dig, find_condition, name_of, namespace_of
from k8slab.snapshot import Snapshot

# A sign in the scheduler's message, the cause, what it means, and the next command. The first that is found counts.
_SIGNS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"persistentvolumeclaim \"([^\"]+)\" not found",
        "volume-claim-missing",
        "The PersistentVolumeClaim {0} does not exist.",
        "kubectl get persistentvolumeclaims",
    ),
    (
        r"unbound immediate PersistentVolumeClaims",
        "volume-claim-unbound",
        "A PersistentVolumeClaim of the pod is not bound to a volume.",
        "kubectl get persistentvolumeclaims",
    ),
    (
        r"storageclass[^ ]* .*not found",
        "storage-class-missing",
        "The StorageClass of its claim does not exist.",
        "kubectl get storageclasses",
    ),
    (
        r"Insufficient ([^\s,.]+)",
        "resources-insufficient",
        "No node has as much {0} free as the pod requests.",
        "kubectl describe nodes",
    ),
    (
        r"untolerated taint \{?([^}\s,]*)",
        "taint-untolerated",
        "The nodes carry a taint ({0}) that the pod does not tolerate.",
        "kubectl describe nodes",
    ),
    (
        r"didn't match Pod's node affinity/selector",
        "node-selector-unmatched",
        "No node has the labels that the pod asks for.",
        "kubectl get nodes --show-labels",
    ),
    (
        r"didn't match pod (anti-)?affinity rules",
        "pod-affinity-unmatched",
        "The pod's affinity rules leave no node.",
        "kubectl get pods -o wide",
    ),
    (
        r"didn't match pod topology spread constraints",
        "topology-spread-unmatched",
        "The pod's topologySpreadConstraints leave no node.",
        "kubectl get nodes --show-labels",
    ),
    (
        r"didn't have free ports",
        "host-port-taken",
        "Another pod holds the host port that this one asks for.",
        "kubectl get pods -A -o wide",
    ),
    (
        r"were unschedulable",
        "node-cordoned",
        "The nodes are cordoned: no new pods are placed there.",
        "kubectl get nodes",
    ),
    (r"Too many pods", "node-full", "The nodes run as many pods as they may.", "kubectl describe nodes"),
    (r"no nodes available", "no-nodes", "The cluster has no node.", "kubectl get nodes"),
)


def scheduling_findings(_snapshot: Snapshot, pod: Obj, _evidence: Evidence) -> Iterator[Finding]:
    """Yield why no node was found for the pod."""
    if dig(pod, "spec", "nodeName"):
        return
    condition = find_condition(pod, "PodScheduled")
    message = str((condition or {}).get("message", ""))
    name, where = name_of(pod), namespace_of(pod)
    gates = [str(gate.get("name")) for gate in dig(pod, "spec", "schedulingGates", default=[])]
    if gates:
        yield _finding(pod, "scheduling-gated", f"It is held by scheduling gates: {', '.join(gates)}.", "", message)
        return
    for sign, cause, text, command in _SIGNS:
        found = re.search(sign, message)
        if found:
            yield _finding(pod, cause, text.format(*found.groups()), in_namespace_of(command, where), message)
            return
    if condition is None:
        scheduler = dig(pod, "spec", "schedulerName", default="default-scheduler")
        other = scheduler != "default-scheduler"
        cause, text = (
            ("scheduler-unknown", f"It waits for a scheduler called {scheduler}.")
            if other
            else ("not-scheduled", "No scheduler has looked at it yet.")
        )
        yield _finding(pod, cause, text, "", f"spec.schedulerName: {scheduler}")
    elif condition.get("status") == "False":
        yield _finding(pod, "unschedulable", message, in_namespace(f"kubectl describe pod {name}", where), message)


def in_namespace_of(command: str, namespace: str) -> str:
    """Return the command with the namespace where it lists objects of one."""
    return in_namespace(command, namespace) if "claims" in command else command


def _finding(pod: Obj, cause: str, text: str, command: str, message: str) -> Finding:
    name, where = name_of(pod), namespace_of(pod)
    asked = dig(pod, "spec", "nodeSelector", default={})
    more = (f"Pod {name} spec.nodeSelector: {labels_text(asked)}",) if asked else ()
    requests = [
        f"container {entry.get('name')} requests {labels_text({key: str(value) for key, value in found.items()})}"
        for entry in dig(pod, "spec", "containers", default=[])
        if (found := dig(entry, "resources", "requests", default={}))
    ]
    return Finding(
        cause,
        f"Pod {name} stays Pending: no node takes it. {text}",
        command or in_namespace(f"kubectl describe pod {name}", where),
        (f"PodScheduled: {message}", *more, *(requests if cause == "resources-insufficient" else ())),
        UNREACHED,
    )
