"""What kubectl shows of a pod (printPod of k8s.io/kubernetes/pkg/printers/internalversion)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from k8slab.clock import parse_timestamp
from k8slab.emulator.registry.tables.ages import age, human_duration
from k8slab.kube.objects import Obj, condition_is_true, dig, is_deleting, name_of

_NONE = "<none>"


def pod_cells(pod: Obj, now: datetime) -> list[Any]:
    """Return the cells of a pod's row."""
    statuses = dig(pod, "status", "containerStatuses", default=[])
    total = len(dig(pod, "spec", "containers", default=[]))
    ready = sum(1 for entry in statuses if entry.get("ready") and dig(entry, "state", "running") is not None)
    gates = dig(pod, "spec", "readinessGates", default=[])
    met = sum(1 for gate in gates if condition_is_true(pod, gate["conditionType"]))
    return [
        name_of(pod),
        f"{ready}/{total}",
        pod_status(pod),
        _restarts(pod, now),
        age(dig(pod, "metadata", "creationTimestamp"), now),
        dig(pod, "status", "podIP", default=_NONE),
        dig(pod, "spec", "nodeName", default=_NONE),
        dig(pod, "status", "nominatedNodeName", default=_NONE),
        f"{met}/{len(gates)}" if gates else _NONE,
    ]


def pod_status(pod: Obj) -> str:
    """Return the STATUS word: ``Running``, ``CrashLoopBackOff``, ``Init:0/1``, ``Terminating`` ..."""
    reason = str(dig(pod, "status", "reason", default="") or dig(pod, "status", "phase", default=""))
    reason = _init_reason(pod) or _main_reason(pod, reason)
    if is_deleting(pod):
        return "Unknown" if dig(pod, "status", "reason") == "NodeLost" else "Terminating"
    return reason


def _init_reason(pod: Obj) -> str:
    statuses = dig(pod, "status", "initContainerStatuses", default=[])
    total = len(dig(pod, "spec", "initContainers", default=[]))
    for index, status in enumerate(statuses):
        ended = dig(status, "state", "terminated")
        waiting = dig(status, "state", "waiting")
        if ended is not None and ended.get("exitCode") == 0:
            continue
        if ended is not None:
            return f"Init:{ended.get('reason') or 'ExitCode:' + str(ended.get('exitCode'))}"
        if waiting and waiting.get("reason") not in ("", None, "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{total}"
    return ""


def _main_reason(pod: Obj, reason: str) -> str:
    running = False
    for status in reversed(dig(pod, "status", "containerStatuses", default=[])):
        waiting, ended = dig(status, "state", "waiting"), dig(status, "state", "terminated")
        if waiting and waiting.get("reason"):
            reason = str(waiting["reason"])
        elif ended is not None:
            reason = str(ended.get("reason") or f"ExitCode:{ended.get('exitCode')}")
        elif status.get("ready") and dig(status, "state", "running") is not None:
            running = True
    if reason == "Completed" and running:
        return "Running" if condition_is_true(pod, "Ready") else "NotReady"
    return reason


def _restarts(pod: Obj, now: datetime) -> str:
    statuses = dig(pod, "status", "containerStatuses", default=[])
    count = sum(int(entry.get("restartCount") or 0) for entry in statuses)
    last = _last_end(statuses)
    if not count or last is None:
        return str(count)
    return f"{count} ({human_duration((now - last).total_seconds())} ago)"


def _last_end(statuses: Sequence[Obj]) -> datetime | None:
    ends = [dig(entry, "lastState", "terminated", "finishedAt") for entry in statuses]
    found = [parse_timestamp(text) for text in ends if text]
    return max(found) if found else None
