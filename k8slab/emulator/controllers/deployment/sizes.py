"""How many pods each ReplicaSet of a Deployment should have (rolling.go, sync.go, util). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from k8slab.kube.objects import Obj, annotations_of, dig, name_of

DESIRED = "deployment.kubernetes.io/desired-replicas"
MAX = "deployment.kubernetes.io/max-replicas"


@dataclass(frozen=True, slots=True)
class Scale:
    """One ReplicaSet is to have that many pods."""

    replica_set: Obj
    size: int


@dataclass(frozen=True, slots=True)
class Rollout:
    """A Deployment with the ReplicaSet of its present template (if there is one) and the older ones."""

    deployment: Obj
    new: Obj | None
    old: tuple[Obj, ...]

    @property
    def all(self) -> list[Obj]:
        """Return all ReplicaSets, the new one last."""
        return [*self.old, *([] if self.new is None else [self.new])]

    def with_new(self, new: Obj) -> Rollout:
        """Return the rollout after its new ReplicaSet was made or changed."""
        return replace(self, new=new)


def size_of(replica_set: Obj) -> int:
    """Return how many pods a ReplicaSet (or Deployment) asks for."""
    return int(dig(replica_set, "spec", "replicas", default=1))


def reported(objects: Iterable[Obj], field: str) -> int:
    """Return the sum of one number of the status."""
    return sum(int(dig(obj, "status", field, default=0)) for obj in objects)


def total(replica_sets: Iterable[Obj]) -> int:
    """Return how many pods the ReplicaSets ask for together."""
    return sum(size_of(replica_set) for replica_set in replica_sets)


def active(replica_sets: Iterable[Obj]) -> list[Obj]:
    """Return the ReplicaSets that ask for pods."""
    return [replica_set for replica_set in replica_sets if size_of(replica_set) > 0]


def is_rolling(deployment: Obj) -> bool:
    """Tell whether the strategy is RollingUpdate."""
    return bool(dig(deployment, "spec", "strategy", "type", default="RollingUpdate") == "RollingUpdate")


def max_surge(deployment: Obj) -> int:
    """Return how many pods above the wanted number there may be; percentages round up."""
    return _bounds(deployment)[0]


def max_unavailable(deployment: Obj) -> int:
    """Return how many of the wanted pods may be missing; percentages round down, never both bounds 0."""
    return min(_bounds(deployment)[1], size_of(deployment))


def _bounds(deployment: Obj) -> tuple[int, int]:
    if not is_rolling(deployment):
        return 0, 0
    rolling = dig(deployment, "spec", "strategy", "rollingUpdate", default={})
    wanted = size_of(deployment)
    surge = _scaled(rolling.get("maxSurge", 0), wanted, up=True)
    unavailable = _scaled(rolling.get("maxUnavailable", 0), wanted, up=False)
    return (surge, unavailable) if surge or unavailable else (0, 1)


def _scaled(value: int | str, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = Fraction(int(value.removesuffix("%")) * wanted, 100)
    return math.ceil(exact) if up else math.floor(exact)


# --- a rollout ---


def new_size(rollout: Rollout) -> int:
    """Return how many pods the new ReplicaSet (or one about to be made) may have now."""
    wanted = size_of(rollout.deployment)
    present = 0 if rollout.new is None else size_of(rollout.new)
    if present >= wanted or not is_rolling(rollout.deployment):
        return wanted
    room = wanted + max_surge(rollout.deployment) - total(rollout.all)
    return present + max(0, min(room, wanted - present))


def old_sizes(rollout: Rollout) -> list[Scale]:
    """Return what the old ReplicaSets can lose now without too few pods being available.

    First go pods that are not available anyway, then available ones as far as enough are available.
    """
    new, deployment = rollout.new, rollout.deployment
    old = sorted(active(rollout.old), key=age)
    least = size_of(deployment) - max_unavailable(deployment)
    starting = 0 if new is None else size_of(new) - reported([new], "availableReplicas")
    spare = total(rollout.all) - least - starting
    if not old or spare <= 0:
        return []
    sizes = [size_of(replica_set) for replica_set in old]
    unhealthy = [size_of(replica_set) - reported([replica_set], "availableReplicas") for replica_set in old]
    # More available than asked for: an earlier step is still under way, and the numbers are old. Wait for it.
    if min(unhealthy) < 0:
        return []
    _take(sizes, unhealthy, spare)
    counted = old if new is None else [*old, new]
    _take(sizes, sizes, reported(counted, "availableReplicas") - least)
    return [Scale(rs, size) for rs, size in zip(old, sizes, strict=True) if size != size_of(rs)]


def _take(sizes: list[int], limits: Sequence[int], count: int) -> None:
    """Take ``count`` from the sizes, the first ones first, from each at most its limit."""
    for index, limit in enumerate(list(limits)):
        taken = max(0, min(count, limit))
        sizes[index] -= taken
        count -= taken


# --- a change of the wanted number ---


def is_scaling(rollout: Rollout) -> bool:
    """Tell whether the wanted number changed since the active ReplicaSets were last sized."""
    wanted = size_of(rollout.deployment)
    noted = (annotated(replica_set, DESIRED) for replica_set in active(rollout.all))
    return any(number is not None and number != wanted for number in noted)


def scaled_sizes(rollout: Rollout) -> list[Scale]:
    """Return the sizes after the wanted number changed: in proportion when several ReplicaSets have pods."""
    wanted = size_of(rollout.deployment)
    only = _only_active_or_latest(rollout)
    if only is not None:
        return [Scale(only, wanted)] if size_of(only) != wanted else []
    if rollout.new is not None and _saturated(rollout.deployment, rollout.new):
        return [Scale(replica_set, 0) for replica_set in active(rollout.old)]
    if not is_rolling(rollout.deployment):
        return []
    return _proportional(rollout)


def _only_active_or_latest(rollout: Rollout) -> Obj | None:
    running = active(rollout.all)
    if len(running) > 1 or not rollout.all:
        return None
    if running:
        return running[0]
    return rollout.new if rollout.new is not None else max(rollout.old, key=age)


def _saturated(deployment: Obj, replica_set: Obj) -> bool:
    wanted = size_of(deployment)
    noted = annotated(replica_set, DESIRED)
    return size_of(replica_set) == noted == reported([replica_set], "availableReplicas") == wanted


def _proportional(rollout: Rollout) -> list[Scale]:
    running = active(rollout.all)
    wanted = size_of(rollout.deployment)
    allowed = wanted + max_surge(rollout.deployment) if wanted > 0 else 0
    to_add = allowed - total(running)
    # Of equal sizes, grow the newest first and shrink the oldest first.
    running.sort(key=age, reverse=to_add > 0)
    running.sort(key=size_of, reverse=True)
    sizes, added = [], 0
    for replica_set in running:
        share = _share(rollout.deployment, replica_set, to_add, added)
        sizes.append(size_of(replica_set) + share)
        added += share
    sizes[0] = max(0, sizes[0] + to_add - added)
    return [Scale(replica_set, size) for replica_set, size in zip(running, sizes, strict=True)]


def _share(deployment: Obj, replica_set: Obj, to_add: int, added: int) -> int:
    if to_add in (0, added):
        return 0
    fraction, left = _fraction(deployment, replica_set), to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)


def _fraction(deployment: Obj, replica_set: Obj) -> int:
    size, wanted = size_of(replica_set), size_of(deployment)
    if wanted == 0:
        return -size
    before = annotated(replica_set, MAX) or reported([deployment], "replicas")
    if before == 0:
        return 0
    # Go's RoundToInt32 rounds halves away from zero.
    return math.floor(Fraction(size * (wanted + max_surge(deployment)), before) + Fraction(1, 2)) - size


def annotated(replica_set: Obj, name: str) -> int | None:
    """Return an annotation that holds a number of replicas; None when it is missing or no such number."""
    text = annotations_of(replica_set).get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def age(replica_set: Obj) -> tuple[str, str]:
    """Return what ReplicaSets are ordered by: creation, then name."""
    return str(dig(replica_set, "metadata", "creationTimestamp", default="")), name_of(replica_set)


def replica_annotations(deployment: Obj) -> dict[str, str]:
    """Return the annotations that note what a ReplicaSet was sized for."""
    wanted = size_of(deployment)
    return {DESIRED: str(wanted), MAX: str(wanted + max_surge(deployment))}


def recreate_sizes(rollout: Rollout) -> Sequence[Scale]:
    """Return what the Recreate strategy does to old ReplicaSets: they lose all pods."""
    return [Scale(replica_set, 0) for replica_set in active(rollout.old)]
