"""Which daemon pods to create and delete (podsShouldBeOnNode and rollingUpdate of pkg/controller/daemon). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from k8slab.emulator.controllers.daemonset.nodes import Wish
from k8slab.emulator.controllers.history import HASH_LABEL
from k8slab.emulator.controllers.pods import is_ready, seconds_until_available
from k8slab.kube.objects import Obj, dig, is_deleting, labels_of, name_of

PodsByNode = Mapping[str, Sequence[Obj]]


@dataclass(slots=True)
class Plan:
    """Nodes that get a pod, pods that go, and pods that ended and are replaced."""

    nodes: list[str] = field(default_factory=list)
    surplus: list[Obj] = field(default_factory=list)
    ended: list[Obj] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a rolling update may do: at most so many missing or so many extra pods."""

    hashed: str
    unavailable: int
    surge: int
    min_ready: int
    now: datetime

    def is_new(self, pod: Obj) -> bool:
        """Tell whether the pod is of the present template."""
        return labels_of(pod).get(HASH_LABEL) == self.hashed

    def is_available(self, pod: Obj) -> bool:
        """Tell whether the pod has been ready for long enough."""
        return seconds_until_available(pod, self.min_ready, self.now) == 0


def rules_of(daemon_set: Obj, hashed: str, desired: int, now: datetime) -> Rules:
    """Read the update strategy; numbers in per cent are of the desired pods, rounded up."""
    rolling = dig(daemon_set, "spec", "updateStrategy", "rollingUpdate", default={})
    unavailable, surge = (_amount(rolling.get(name, 0), desired) for name in ("maxUnavailable", "maxSurge"))
    if desired and not unavailable and not surge:
        unavailable = 1
    return Rules(hashed, unavailable, surge, int(dig(daemon_set, "spec", "minReadySeconds", default=0)), now)


def _amount(value: Any, total: int) -> int:
    text = str(value)
    return math.ceil(int(text[:-1]) * total / 100) if text.endswith("%") else int(text)


def _age(pod: Obj) -> tuple[str, str]:
    return (str(dig(pod, "metadata", "creationTimestamp", default="")), name_of(pod))


def upkeep(wishes: Mapping[str, Wish], pods: PodsByNode, rules: Rules) -> Plan:
    """Plan that each node has the one pod that it should have."""
    plan = Plan()
    for node, wish in wishes.items():
        present = pods.get(node, ())
        if wish.stay:
            if wish.run and not present:
                plan.nodes.append(node)
            _keep_one(present, plan, rules)
        else:
            plan.surplus += [pod for pod in present if not is_deleting(pod)]
    for node, present in pods.items():
        if node not in wishes:
            plan.surplus += [pod for pod in present if not dig(pod, "spec", "nodeName") and not is_deleting(pod)]
    return plan


def _keep_one(present: Sequence[Obj], plan: Plan, rules: Rules) -> None:
    alive = [pod for pod in present if not is_deleting(pod)]
    plan.ended += [pod for pod in alive if dig(pod, "status", "phase") in ("Failed", "Succeeded")]
    running = sorted((pod for pod in alive if pod not in plan.ended), key=_age)
    if not rules.surge:
        plan.surplus += running[1:]
        return
    new, old = ([pod for pod in running if rules.is_new(pod) is wanted] for wanted in (True, False))
    plan.surplus += [*new[1:], *old[1:]]
    if new and old and (not is_ready(old[0]) or rules.is_available(new[0])):
        plan.surplus.append(old[0])


def _pair(pods: Sequence[Obj], rules: Rules) -> tuple[Obj | None, Obj | None] | None:
    """Return the new and the old pod of a node; None when there are several of one sort."""
    alive = [pod for pod in pods if not is_deleting(pod)]
    new, old = ([pod for pod in alive if rules.is_new(pod) is wanted] for wanted in (True, False))
    if len(new) > 1 or len(old) > 1:
        return None
    return (new[0] if new else None, old[0] if old else None)


def rollout(wishes: Mapping[str, Wish], pods: PodsByNode, rules: Rules) -> Plan:
    """Plan the next step towards the present template on all nodes."""
    nodes = {**dict.fromkeys((node for node, wish in wishes.items() if wish.run), ()), **pods}
    return _surging(wishes, nodes, rules) if rules.surge else _replacing(nodes, rules)


def _replacing(nodes: PodsByNode, rules: Rules) -> Plan:
    missing, broken, candidates = 0, [], []
    for present in nodes.values():
        pair = _pair(present, rules)
        new, old = pair or (None, None)
        if pair is None or (new is None) is (old is None):
            missing += 1
        elif new is not None:
            missing += not rules.is_available(new)
        elif old is not None and not rules.is_available(old):
            broken.append(old)
            missing += 1
        elif old is not None:
            candidates.append(old)
    return Plan(surplus=[*broken, *candidates[: max(0, rules.unavailable - missing)]])


def _surging(wishes: Mapping[str, Wish], nodes: PodsByNode, rules: Rules) -> Plan:
    plan, extra, candidates = Plan(), 0, []
    for node, present in nodes.items():
        pair = _pair(present, rules)
        if pair is None:
            extra += 1
            continue
        new, old = pair
        if old is None:
            continue
        if new is not None:
            if rules.is_available(new):
                plan.surplus.append(old)
            else:
                extra += 1
        elif not wishes.get(node, Wish(run=False, stay=False)).run:
            plan.surplus.append(old)
        elif rules.is_available(old):
            candidates.append(node)
        else:
            plan.nodes.append(node)
    plan.nodes += candidates[: max(0, rules.surge - extra)]
    return plan
