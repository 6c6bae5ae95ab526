"""Evictions: a deletion that disruption budgets have to allow (pkg/registry/core/pod/storage/eviction.go)."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.clock import Clock, timestamp
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, labels_of, name_of
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import ApiError, failure, forbidden

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_MANY = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def budget_for(pod: Obj, budgets: Sequence[Obj]) -> Obj | None:
    """Return the budget that an eviction must ask; None when it need not. Raises 500 when there are several."""
    if dig(pod, "status", "phase") in ("Succeeded", "Failed", "Pending") or is_deleting(pod):
        return None
    found = [entry for entry in budgets if _selects(entry, pod)]
    if not found:
        return None
    if len(found) > 1:
        raise failure(500, "InternalError", _MANY)
    budget = found[0]
    policy = dig(budget, "spec", "unhealthyPodEvictionPolicy")
    ready = (find_condition(pod, "Ready") or {}).get("status") == "True"
    enough = dig(budget, "status", "currentHealthy", default=0) >= dig(budget, "status", "desiredHealthy", default=0)
    if not ready and (policy == "AlwaysAllow" or (enough and dig(budget, "status", "desiredHealthy", default=0) > 0)):
        return None
    return budget


def _selects(budget: Obj, pod: Obj) -> bool:
    selector = dig(budget, "spec", "selector")
    return selector is not None and label_selector_of(selector).matches(labels_of(pod))


def spent(budget: Obj, pod: Obj, clock: Clock) -> Obj:
    """Return the budget with one disruption less; raises 429 when it allows none."""
    status, name = dict(budget.get("status") or {}), name_of(budget)
    if int(status.get("observedGeneration", 0)) < int(dig(budget, "metadata", "generation", default=0)):
        raise _too_many(f"The disruption budget {name} is still being processed by the server.", 10)
    allowed = int(status.get("disruptionsAllowed", 0))
    if allowed < 0:
        raise forbidden("policy", "poddisruptionbudgets", name, "pdb disruptions allowed is negative")
    if allowed == 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _too_many(f"The disruption budget {name} needs {needs} healthy pods and has {has} currently")
    status["disruptionsAllowed"] = allowed - 1
    status["disruptedPods"] = {**(status.get("disruptedPods") or {}), name_of(pod): timestamp(clock.now())}
    return {**budget, "status": status}


def _too_many(message: str, seconds: int = 0) -> ApiError:
    details: Obj = {"causes": [{"reason": "DisruptionBudget", "message": message}]}
    if seconds:
        details["retryAfterSeconds"] = seconds
    return failure(429, "TooManyRequests", _REFUSED, details)


def disrupted(pod: Obj, clock: Clock) -> Obj:
    """Return a pod that says why it goes."""
    condition = {
        "type": "DisruptionTarget",
        "observedGeneration": dig(pod, "metadata", "generation", default=1),
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(clock.now()),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    others = [entry for entry in dig(pod, "status", "conditions", default=[]) if entry["type"] != "DisruptionTarget"]
    return {**pod, "status": {**(pod.get("status") or {}), "conditions": [*others, condition]}}
