"""Who has to go for a pod of higher priority (pkg/scheduler/framework/plugins/defaultpreemption). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8slab.emulator.controllers.scheduler_filters import NodeLoad
from k8slab.kube.objects import Obj, dig, is_deleting, name_of

Fits = Callable[[NodeLoad], bool]


def priority_of(pod: Obj) -> int:
    """Return the number of a pod's priority class."""
    return int(dig(pod, "spec", "priority", default=0))


def is_making_room(pod: Obj, loads: Sequence[NodeLoad]) -> bool:
    """Tell whether pods of lower priority are on their way out of the node that was promised to a pod."""
    promised = dig(pod, "status", "nominatedNodeName")
    return any(
        is_deleting(other) and priority_of(other) < priority_of(pod)
        for load in loads
        if name_of(load.node) == promised
        for other in load.pods
    )


def victims(pod: Obj, loads: Sequence[NodeLoad], fits: Fits) -> tuple[NodeLoad, list[Obj]] | None:
    """Return the node and the pods on it that make room at the least cost; None when nobody may be sent away."""
    if dig(pod, "spec", "preemptionPolicy") == "Never":
        return None
    found = [(load, gone) for load in loads if (gone := _on(pod, load, fits))]
    return min(found, key=_cost, default=None)


def _on(pod: Obj, load: NodeLoad, fits: Fits) -> list[Obj]:
    """Take all lower pods away, then bring back the most important ones that leave the pod its room."""
    lower = [other for other in load.pods if priority_of(other) < priority_of(pod) and not is_deleting(other)]
    kept = [other for other in load.pods if other not in lower]
    if not lower or not fits(NodeLoad.of(load.node, kept)):
        return []
    gone = []
    for other in sorted(lower, key=lambda entry: (-priority_of(entry), _started(entry))):
        if fits(NodeLoad.of(load.node, [*kept, other])):
            kept.append(other)
        else:
            gone.append(other)
    return gone


def _started(pod: Obj) -> str:
    return str(dig(pod, "status", "startTime", default=""))


def _cost(found: tuple[NodeLoad, list[Obj]]) -> tuple[int, int, int, str]:
    load, gone = found
    ranks = [priority_of(other) for other in gone]
    return (max(ranks), sum(ranks), len(gone), name_of(load.node))
