"""PodDisruptionBudget: how many pods may go now (pkg/controller/disruption)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from k8slab.clock import parse_timestamp, timestamp
from k8slab.emulator.controllers.pods import is_ready
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import (
    Obj,
    controller_of,
    dig,
    find_condition,
    is_deleting,
    key_of,
    labels_of,
    name_of,
    namespace_of,
)
from k8slab.kube.resources import (
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from k8slab.kube.selectors import label_selector_of

# How long an evicted pod may take to be deleted before it counts again (DeletionTimeout).
_DELETION = 120.0


class DisruptionController:
    """Counts healthy pods and says how many evictions a budget allows."""

    name = "controllermanager"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._budgets = desk.informer(DISRUPTION_BUDGETS)
        self._pods = desk.informer(PODS)
        self._owners = {
            resource.kind: desk.informer(resource)
            for resource in (DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS)
        }
        self._recorder = desk.recorder(self.name)

    def watches(self) -> Sequence[Watch]:
        """React to budgets and to pods that they select, before or after a change."""
        sizes = [Watch(resource, self._of_namespace) for resource in (DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS)]
        return (Watch(DISRUPTION_BUDGETS, own_key), Watch(PODS, self._budgets_of), *sizes)

    def _budgets_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        pods = [pod for pod in (before, after) if pod is not None]
        return [
            key_of(budget)
            for budget in self._budgets.objects(namespace_of(pods[0]))
            if any(label_selector_of(dig(budget, "spec", "selector")).matches(labels_of(pod)) for pod in pods)
        ]

    def _of_namespace(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        if (
            before is not None
            and after is not None
            and dig(before, "spec", "replicas") == dig(after, "spec", "replicas")
        ):
            return []
        owner = after if after is not None else before
        return [key_of(budget) for budget in self._budgets.objects(namespace_of(owner or {}))]

    async def sync(self, key: ObjectKey) -> Result:
        """Write the status of one budget."""
        budget = self._budgets.get(*key)
        if budget is None:
            return DONE
        pods = self._pods.select(key.namespace, label_selector_of(dig(budget, "spec", "selector")))
        if not pods:
            self._recorder.event(budget, "Normal", "NoPods", "No matching pods found")
        now = self._desk.clock.now()
        expected, desired = self._wanted(budget, pods)
        going = _still_going(budget, pods, now)
        healthy = sum(is_ready(pod) and not is_deleting(pod) and name_of(pod) not in going for pod in pods)
        allowed = max(0, healthy - desired) if expected > 0 else 0
        status: Obj = {
            "observedGeneration": int(dig(budget, "metadata", "generation", default=0)),
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
        }
        if going:
            status["disruptedPods"] = going
        status["conditions"] = [_condition(budget, status, now)]
        if status != (budget.get("status") or {}):
            await self._api.update(DISRUPTION_BUDGETS, {**budget, "status": status}, subresource="status")
        return Result(_DELETION if going else None)

    def _wanted(self, budget: Obj, pods: Sequence[Obj]) -> tuple[int, int]:
        """Return how many pods there should be and how many of them must be healthy."""
        spec = budget["spec"]
        if spec.get("maxUnavailable") is not None:
            expected = self._scale(budget, pods)
            return expected, max(0, expected - _share(spec["maxUnavailable"], expected))
        least = spec.get("minAvailable")
        if least is None:
            return 0, 0
        if isinstance(least, str) and least.endswith("%"):
            expected = self._scale(budget, pods)
            return expected, _share(least, expected)
        return len(pods), int(least)

    def _scale(self, budget: Obj, pods: Sequence[Obj]) -> int:
        """Return how many pods the controllers of the pods ask for together."""
        sizes: dict[str, int] = {}
        unmanaged = False
        for pod in pods:
            owner = self._top(pod)
            if owner is None:
                unmanaged = True
            else:
                sizes[str(owner["metadata"]["uid"])] = int(dig(owner, "spec", "replicas", default=1))
        if unmanaged:
            selector = label_selector_of(dig(budget, "spec", "selector"))
            shown = ",".join(f"{entry.key}: {','.join(entry.values)}" for entry in selector.requirements or ())
            words = (
                f"Pods selected by this PodDisruptionBudget (selector: {shown}) were found to be unmanaged. As a "
                "result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. "
                'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
            )
            self._recorder.event(budget, "Warning", "UnmanagedPods", words)
        return sum(sizes.values())

    def _top(self, pod: Obj) -> Obj | None:
        reference, found = controller_of(pod), None
        while reference is not None:
            informer = self._owners.get(str(reference.get("kind")))
            owner = informer.get(namespace_of(pod), str(reference.get("name"))) if informer else None
            if owner is None:
                break
            found, reference = owner, controller_of(owner)
        return found


def _share(value: Any, total: int) -> int:
    text = str(value)
    return math.ceil(int(text[:-1]) * total / 100) if text.endswith("%") else int(text)


def _still_going(budget: Obj, pods: Sequence[Obj], now: datetime) -> dict[str, str]:
    """Return the evicted pods whose deletion has not begun yet."""
    waiting = {name_of(pod) for pod in pods if not is_deleting(pod)}
    noted: dict[str, str] = dig(budget, "status", "disruptedPods", default={})
    return {
        name: since
        for name, since in noted.items()
        if name in waiting and (now - parse_timestamp(since)).total_seconds() < _DELETION
    }


def _condition(budget: Obj, status: Obj, now: datetime) -> Obj:
    enough = status["disruptionsAllowed"] > 0
    word, reason = ("True", "SufficientPods") if enough else ("False", "InsufficientPods")
    old = find_condition(budget, "DisruptionAllowed") or {}
    since = old.get("lastTransitionTime") if old.get("status") == word else timestamp(now)
    return {
        "type": "DisruptionAllowed",
        "status": word,
        "observedGeneration": status["observedGeneration"],
        "lastTransitionTime": since,
        "reason": reason,
        "message": "",
    }
