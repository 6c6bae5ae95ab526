"""Which pods a ReplicaSet deletes first (ActivePodsWithRanks in pkg/controller/controller_utils.go). Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from k8slab.clock import parse_timestamp
from k8slab.emulator.controllers.pods import is_active, is_ready, ready_since
from k8slab.kube.objects import Obj, annotations_of, dig, uid_of

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}
_COST = "controller.kubernetes.io/pod-deletion-cost"


def pods_to_delete(pods: Sequence[Obj], related: Sequence[Obj], count: int, now: datetime) -> list[Obj]:
    """Return the ``count`` pods to lose first: unassigned, pending, not ready, cheap, crowded, young.

    ``related`` are the pods of all ReplicaSets with the same owner; they tell how crowded a node is. Ages count in
    powers of two, so that a scale-down does not always hit the youngest.
    """
    crowd = Counter(str(dig(pod, "spec", "nodeName", default="")) for pod in related if is_active(pod))

    def order(pod: Obj) -> tuple[object, ...]:
        node = str(dig(pod, "spec", "nodeName", default=""))
        restarts, age = _restarts(pod), _age_rank(dig(pod, "metadata", "creationTimestamp"), now)
        ready = ready_since(pod)
        return (
            bool(node),
            _PHASES.get(dig(pod, "status", "phase", default=""), 0),
            is_ready(pod),
            deletion_cost(pod),
            -crowd[node],
            -1 if ready is None else _rank(ready, now),
            -restarts,
            age,
            uid_of(pod),
        )

    return sorted(pods, key=order)[:count]


def deletion_cost(pod: Obj) -> int:
    """Return the annotated cost of deleting the pod; 0 when there is none or it is no number."""
    try:
        return int(annotations_of(pod).get(_COST, "0"))
    except ValueError:
        return 0


def _restarts(pod: Obj) -> int:
    statuses = dig(pod, "status", "containerStatuses", default=[])
    return max((int(status.get("restartCount", 0)) for status in statuses), default=0)


def _age_rank(created: str | None, now: datetime) -> int:
    return -1 if created is None else _rank(parse_timestamp(created), now)


def _rank(moment: datetime, now: datetime) -> int:
    nanoseconds = (now - moment).total_seconds() * 1e9
    return int(math.log2(nanoseconds)) if nanoseconds > 0 else -1
