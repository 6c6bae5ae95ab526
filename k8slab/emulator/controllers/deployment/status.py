"""The status of a Deployment: numbers, Available and Progressing (sync.go, progress.go). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from k8slab.clock import parse_timestamp, timestamp
from k8slab.emulator.controllers.conditions import Condition, find, with_condition, without
from k8slab.emulator.controllers.deployment.sizes import Rollout, max_unavailable, reported, size_of, total
from k8slab.kube.objects import Obj, dig, name_of

AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"
NEW_AVAILABLE, TIMED_OUT, PAUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"
_NO_DEADLINE = 2**31 - 1
_OMITTED_WHEN_ZERO = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "conditions",
)  # fmt: skip

Status = dict[str, Any]


def condition(kind: str, status: str, reason: str, message: str, now: datetime) -> Condition:
    """Return a condition as of now."""
    moment = timestamp(now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
    }


def deadline_of(deployment: Obj) -> int | None:
    """Return ``progressDeadlineSeconds``; None when progress is not watched."""
    deadline = dig(deployment, "spec", "progressDeadlineSeconds")
    return None if deadline is None or deadline == _NO_DEADLINE else int(deadline)


def conditions_of(deployment: Obj) -> list[Condition]:
    """Return the conditions; an empty list when there are none."""
    found: list[Condition] = dig(deployment, "status", "conditions", default=[])
    return found


def with_conditions(deployment: Obj, conditions: list[Condition]) -> Obj:
    """Return the deployment with other conditions."""
    return {**deployment, "status": {**(deployment.get("status") or {}), "conditions": conditions}}


def plain_status(rollout: Rollout, now: datetime) -> Status:
    """Return the status without judging progress (paused, scaled, being deleted)."""
    deployment = rollout.deployment
    available = reported(rollout.all, "availableReplicas")
    status: Status = {
        "observedGeneration": int(deployment["metadata"]["generation"]),
        "replicas": reported(rollout.all, "replicas"),
        "updatedReplicas": 0 if rollout.new is None else reported([rollout.new], "replicas"),
        "readyReplicas": reported(rollout.all, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total(rollout.all) - available),
        "conditions": with_condition(conditions_of(deployment), _availability(deployment, available, now)),
    }
    collisions = dig(deployment, "status", "collisionCount")
    if collisions is not None:
        status["collisionCount"] = collisions
    return status


def _availability(deployment: Obj, available: int, now: datetime) -> Condition:
    if available >= size_of(deployment) - max_unavailable(deployment):
        message = "Deployment has minimum availability."
        return condition(AVAILABLE, "True", "MinimumReplicasAvailable", message, now)
    message = "Deployment does not have minimum availability."
    return condition(AVAILABLE, "False", "MinimumReplicasUnavailable", message, now)


def rollout_status(rollout: Rollout, now: datetime) -> Status:
    """Return the status during a rollout: as ``plain_status``, with progress and failures of ReplicaSets."""
    deployment, status = rollout.deployment, plain_status(rollout, now)
    conditions: list[Condition] = status["conditions"]
    if deadline_of(deployment) is None:
        conditions = without(conditions, PROGRESSING)
    else:
        conditions = _progress(rollout, status, conditions, now)
    failure = _failure(rollout)
    status["conditions"] = (
        without(conditions, REPLICA_FAILURE) if failure is None else with_condition(conditions, failure)
    )
    return status


def _progress(rollout: Rollout, status: Status, conditions: list[Condition], now: datetime) -> list[Condition]:
    deployment, current = rollout.deployment, find(conditions, PROGRESSING)
    done = current is not None and current.get("reason") == NEW_AVAILABLE
    if done and status["replicas"] == status["updatedReplicas"]:
        return conditions
    what = f'Deployment "{name_of(deployment)}"' if rollout.new is None else f'ReplicaSet "{name_of(rollout.new)}"'
    if is_complete(deployment, status):
        message = f"{what} has successfully progressed."
        return with_condition(conditions, condition(PROGRESSING, "True", NEW_AVAILABLE, message, now))
    if _has_progressed(deployment, status):
        moved = condition(PROGRESSING, "True", "ReplicaSetUpdated", f"{what} is progressing.", now)
        if current is not None and current.get("status") == "True":
            moved["lastTransitionTime"] = current.get("lastTransitionTime")
        return [*without(conditions, PROGRESSING), moved]
    if _timed_out(deployment, current, now):
        message = f"{what} has timed out progressing."
        return with_condition(conditions, condition(PROGRESSING, "False", TIMED_OUT, message, now))
    return conditions


def is_complete(deployment: Obj, status: Status) -> bool:
    """Tell whether all wanted pods are of the new template and available, and no others are left."""
    wanted = size_of(deployment)
    numbers = (int(status.get(name) or 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    generation = int(deployment["metadata"]["generation"])
    return all(number == wanted for number in numbers) and int(status.get("observedGeneration") or 0) >= generation


def _has_progressed(deployment: Obj, status: Status) -> bool:
    def before(name: str) -> int:
        return int(dig(deployment, "status", name, default=0))

    old_before = before("replicas") - before("updatedReplicas")
    old_now = status["replicas"] - status["updatedReplicas"]
    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old_now < old_before or any(status[name] > before(name) for name in grown)


def _timed_out(deployment: Obj, current: Condition | None, now: datetime) -> bool:
    deadline = deadline_of(deployment)
    if deadline is None or current is None or current.get("reason") == NEW_AVAILABLE:
        return False
    if current.get("reason") == TIMED_OUT:
        return True
    return parse_timestamp(current["lastUpdateTime"]) + timedelta(seconds=deadline) < now


def _failure(rollout: Rollout) -> Condition | None:
    newest_first = [*([] if rollout.new is None else [rollout.new]), *rollout.old]
    for replica_set in newest_first:
        found = find(conditions_of(replica_set), REPLICA_FAILURE)
        if found is not None:
            return {**found, "lastUpdateTime": found.get("lastTransitionTime")}
    return None


def next_look(deployment: Obj, status: Status, now: datetime) -> float | None:
    """Return after how many seconds to see whether a rollout without news has timed out; None: not needed."""
    deadline, current = deadline_of(deployment), find(conditions_of(deployment), PROGRESSING)
    if deadline is None or current is None:
        return None
    if is_complete(deployment, status) or current.get("reason") in (TIMED_OUT, NEW_AVAILABLE):
        return None
    left = parse_timestamp(current["lastUpdateTime"]) + timedelta(seconds=deadline) - now
    # One second more, since timestamps are whole seconds.
    return max(0.0, left.total_seconds()) + 1


def stored_form(status: Status) -> Status:
    """Return the status as Kubernetes writes it: zeros and empty lists left out."""
    return {name: value for name, value in status.items() if value or name not in _OMITTED_WHEN_ZERO}
