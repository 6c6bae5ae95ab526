"""What several controllers ask of a pod (pkg/api/v1/pod, pkg/controller/controller_utils.go). Pure."""

from __future__ import annotations

from datetime import datetime

from k8slab.clock import parse_timestamp
from k8slab.kube.objects import Obj, condition_is_true, dig, find_condition, is_deleting

_ENDED = frozenset({"Succeeded", "Failed"})


def has_ended(pod: Obj) -> bool:
    """Tell whether all containers of the pod have ended for good."""
    return dig(pod, "status", "phase") in _ENDED


def is_active(pod: Obj) -> bool:
    """Tell whether the pod counts as a replica: not ended, not being deleted."""
    return not has_ended(pod) and not is_deleting(pod)


def is_ready(pod: Obj) -> bool:
    """Tell whether the pod has the condition ``Ready``."""
    return condition_is_true(pod, "Ready")


def ready_since(pod: Obj) -> datetime | None:
    """Return when ``Ready`` became true; None when it is not."""
    condition = find_condition(pod, "Ready")
    if condition is None or condition.get("status") != "True" or not condition.get("lastTransitionTime"):
        return None
    return parse_timestamp(condition["lastTransitionTime"])


def seconds_until_available(pod: Obj, min_ready_seconds: int, now: datetime) -> float | None:
    """Return how long a ready pod has to stay ready to count as available: 0 when it is, None when not ready."""
    if not is_ready(pod):
        return None
    if min_ready_seconds == 0:
        return 0.0
    since = ready_since(pod)
    if since is None:
        return None
    return max(0.0, min_ready_seconds - (now - since).total_seconds())
