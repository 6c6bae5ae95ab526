"""What kubectl shows of a pod (printPod of k8s.io/kubernetes/pkg/printers/internalversion)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k8slab.clock import parse_timestamp
from k8slab.emulator.registry.tables.ages import age, human_duration
from k8slab.kube.objects import Obj, condition_is_true, dig, find_condition, is_deleting, name_of

_NONE = "<none>"
_OVER = ("Succeeded", "Failed")


@dataclass(slots=True)
class _Restarts:
    """How often containers were started again, and the end before the last time."""

    count: int = 0
    last: datetime | None = None

    def add(self, status: Obj) -> None:
        self.count += int(status.get("restartCount") or 0)
        text = dig(status, "lastState", "terminated", "finishedAt")
        if text and (self.last is None or parse_timestamp(text) > self.last):
            self.last = parse_timestamp(text)

    def shown(self, now: datetime) -> str:
        if not self.count or self.last is None:
            return str(self.count)
        return f"{self.count} ({human_duration((now - self.last).total_seconds())} ago)"


@dataclass(frozen=True, slots=True)
class _Summary:
    """The cells that come from the containers' states."""

    ready: int
    reason: str
    restarts: _Restarts


def pod_cells(pod: Obj, now: datetime) -> list[Any]:
    """Return the cells of a pod's row."""
    found = _summary(pod)
    gates = dig(pod, "spec", "readinessGates", default=[])
    met = sum(1 for gate in gates if condition_is_true(pod, gate["conditionType"]))
    total = len(dig(pod, "spec", "containers", default=[])) + len(_sidecars(pod))
    return [
        name_of(pod),
        f"{found.ready}/{total}",
        _word(pod, found.reason),
        found.restarts.shown(now),
        age(dig(pod, "metadata", "creationTimestamp"), now),
        dig(pod, "status", "podIP", default=_NONE),
        dig(pod, "spec", "nodeName", default=_NONE),
        dig(pod, "status", "nominatedNodeName", default=_NONE),
        f"{met}/{len(gates)}" if gates else _NONE,
    ]


def pod_status(pod: Obj) -> str:
    """Return the STATUS word: ``Running``, ``CrashLoopBackOff``, ``Init:0/1``, ``Terminating`` ..."""
    return _word(pod, _summary(pod).reason)


def _word(pod: Obj, reason: str) -> str:
    if not is_deleting(pod):
        return reason
    if dig(pod, "status", "reason") == "NodeLost":
        return "Unknown"
    return reason if dig(pod, "status", "phase") in _OVER else "Terminating"


def _sidecars(pod: Obj) -> frozenset[str]:
    init = dig(pod, "spec", "initContainers", default=[])
    return frozenset(entry["name"] for entry in init if entry.get("restartPolicy") == "Always")


def _summary(pod: Obj) -> _Summary:
    reason = str(dig(pod, "status", "reason", default="") or dig(pod, "status", "phase", default=""))
    scheduled = find_condition(pod, "PodScheduled") or {}
    if scheduled.get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    beside, of_init, of_sidecars, ready = _sidecars(pod), _Restarts(), _Restarts(), 0
    statuses = dig(pod, "status", "initContainerStatuses", default=[])
    for index, status in enumerate(statuses):
        of_init.add(status)
        if status["name"] in beside:
            of_sidecars.add(status)
        if dig(status, "state", "terminated", "exitCode") == 0:
            continue
        if status["name"] in beside and status.get("started"):
            ready += bool(status.get("ready"))
            continue
        word = _init_reason(status, index, len(dig(pod, "spec", "initContainers", default=[])))
        if not condition_is_true(pod, "Initialized"):
            return _Summary(ready, word, of_init)
        reason = word
        break
    return _main(pod, reason, ready, of_sidecars)


def _init_reason(status: Obj, index: int, total: int) -> str:
    ended, waiting = dig(status, "state", "terminated"), dig(status, "state", "waiting")
    if ended is not None:
        return f"Init:{_end_word(ended)}"
    if waiting and waiting.get("reason") not in ("", None, "PodInitializing"):
        return f"Init:{waiting['reason']}"
    return f"Init:{index}/{total}"


def _end_word(ended: Obj) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode')}"


def _main(pod: Obj, reason: str, ready: int, restarts: _Restarts) -> _Summary:
    running = False
    for status in reversed(dig(pod, "status", "containerStatuses", default=[])):
        restarts.add(status)
        waiting, ended = dig(status, "state", "waiting"), dig(status, "state", "terminated")
        if waiting and waiting.get("reason"):
            reason = str(waiting["reason"])
        elif ended is not None:
            reason = _end_word(ended)
        elif status.get("ready") and dig(status, "state", "running") is not None:
            running = True
            ready += 1
    if reason == "Completed" and running:
        reason = "Running" if condition_is_true(pod, "Ready") else "NotReady"
    return _Summary(ready, reason, restarts)
