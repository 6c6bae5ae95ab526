"""What a StatefulSet does next: one step at a time when ordered, all at once when parallel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from k8slab.emulator.controllers.history import HASH_LABEL
from k8slab.emulator.controllers.pods import is_ready, seconds_until_available
from k8slab.emulator.controllers.statefulset.identity import ordinal_of, ordinals_of, replicas_of
from k8slab.kube.objects import Obj, dig, is_deleting, labels_of, name_of


@dataclass(frozen=True, slots=True)
class Replicas:
    """The pods of a set by number (None: not there), those beyond its range, and the revisions by name."""

    stateful_set: Obj
    present: Mapping[int, Obj | None]
    condemned: Sequence[Obj]
    current: str
    update: str
    now: datetime

    @property
    def ordered(self) -> bool:
        """Tell whether pods come and go one by one."""
        return bool(dig(self.stateful_set, "spec", "podManagementPolicy") != "Parallel")

    def is_available(self, pod: Obj | None) -> bool:
        """Tell whether a pod runs, is ready for long enough and stays."""
        if pod is None or not is_healthy(pod) or is_deleting(pod):
            return False
        least = int(dig(self.stateful_set, "spec", "minReadySeconds", default=0))
        return seconds_until_available(pod, least, self.now) == 0


@dataclass(slots=True)
class Step:
    """Numbers whose pods are created, and pods that are deleted. ``done``: nothing is waited for."""

    create: list[int] = field(default_factory=list)
    delete: list[Obj] = field(default_factory=list)
    done: bool = True


def replicas(stateful_set: Obj, pods: Sequence[Obj], current: str, update: str, now: datetime) -> Replicas:
    """Sort a set's pods."""
    wanted = ordinals_of(stateful_set)
    by_number = {ordinal_of(pod): pod for pod in pods}
    condemned = sorted((pod for pod in pods if ordinal_of(pod) not in wanted), key=ordinal_of, reverse=True)
    return Replicas(stateful_set, {number: by_number.get(number) for number in wanted}, condemned, current, update, now)


def is_healthy(pod: Obj) -> bool:
    """Tell whether a pod is running and ready."""
    return dig(pod, "status", "phase") == "Running" and is_ready(pod)


def next_step(found: Replicas) -> Step:
    """Return what to do now: first fill up, then scale down, then update."""
    step = _fill(found)
    if not step.done:
        return step
    if found.condemned:
        condemned = _scale_down(found)
        condemned.create += step.create
        condemned.delete += step.delete
        if not condemned.done:
            return condemned
        step = condemned
    if step.create or step.delete:
        return step
    return _update(found)


def _fill(found: Replicas) -> Step:
    step = Step()
    for number, pod in found.present.items():
        if pod is None:
            step.create.append(number)
        elif dig(pod, "status", "phase") in ("Failed", "Succeeded"):
            if not is_deleting(pod):
                step.delete.append(pod)
        elif found.is_available(pod):
            continue
        if found.ordered:
            step.done = False
            break
    return step


def _scale_down(found: Replicas) -> Step:
    step = Step()
    broken = next((pod for pod in found.present.values() if not found.is_available(pod)), None)
    if broken is None:
        broken = next((pod for pod in reversed(found.condemned) if not found.is_available(pod)), None)
    for pod in found.condemned:
        if is_deleting(pod):
            if found.ordered:
                return Step(done=False)
            continue
        if found.ordered:
            if not found.is_available(pod) and (broken is None or name_of(pod) != name_of(broken)):
                return Step(done=False)
            return Step(delete=[pod], done=False)
        step.delete.append(pod)
    return step


def _update(found: Replicas) -> Step:
    strategy = dig(found.stateful_set, "spec", "updateStrategy", default={})
    if strategy.get("type") == "OnDelete":
        return Step()
    partition = int(dig(strategy, "rollingUpdate", "partition", default=0))
    # The partition counts pods, wherever their numbers begin.
    for pod in list(found.present.values())[: partition - 1 if partition else None : -1]:
        if pod is None:
            return Step(done=False)
        if labels_of(pod).get(HASH_LABEL) != found.update and not is_deleting(pod):
            return Step(delete=[pod], done=False)
        if not found.is_available(pod):
            return Step(done=False)
    return Step()


def counts(found: Replicas, pods: Sequence[Obj]) -> dict[str, int]:
    """Return the numbers of the status."""
    alive = [pod for pod in pods if not is_deleting(pod)]
    healthy = [pod for pod in pods if is_healthy(pod)]
    least = int(dig(found.stateful_set, "spec", "minReadySeconds", default=0))
    numbers = {
        "replicas": len(pods),
        "readyReplicas": len(healthy),
        "availableReplicas": sum(seconds_until_available(pod, least, found.now) == 0 for pod in healthy),
        "currentReplicas": sum(labels_of(pod).get(HASH_LABEL) == found.current for pod in alive),
        "updatedReplicas": sum(labels_of(pod).get(HASH_LABEL) == found.update for pod in alive),
    }
    return {name: number for name, number in numbers.items() if number or name in ("replicas", "availableReplicas")}


def status_of(found: Replicas, pods: Sequence[Obj]) -> Obj:
    """Return the status that the pods make; a finished update makes its revision the current one."""
    numbers = counts(found, pods)
    wanted = replicas_of(found.stateful_set)
    current = found.current
    rolling = dig(found.stateful_set, "spec", "updateStrategy", "type") == "RollingUpdate"
    if rolling and all(numbers.get(name, 0) == wanted for name in ("updatedReplicas", "readyReplicas", "replicas")):
        current = found.update
        if wanted:
            numbers["currentReplicas"] = wanted
    return {
        "observedGeneration": int(dig(found.stateful_set, "metadata", "generation", default=0)),
        **numbers,
        "currentRevision": current,
        "updateRevision": found.update,
        "collisionCount": int(dig(found.stateful_set, "status", "collisionCount", default=0)),
    }
