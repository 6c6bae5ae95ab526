"""What the pods of a Job amount to: counts, indexes, and whether the Job is over (syncJob). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from k8slab.clock import parse_timestamp
from k8slab.emulator.controllers.job.indexes import failed_indexes, index_of, is_indexed, parse_indexes
from k8slab.emulator.controllers.job.policies import has_failed, restarted_too_often, success_message, verdict
from k8slab.emulator.controllers.pods import is_active, is_ready
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, uid_of

FINALIZER = "batch.kubernetes.io/job-tracking"
_REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")


@dataclass(slots=True)
class Tally:
    """The pods of a Job, sorted. ``new_*`` are those that ended and are not counted yet."""

    job: Obj
    pods: Sequence[Obj]
    active: list[Obj] = field(default_factory=list)
    new_succeeded: list[Obj] = field(default_factory=list)
    new_failed: list[Obj] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    succeeded: int = 0
    failed: int = 0
    done: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)

    @property
    def ready(self) -> int:
        """Return how many active pods are ready."""
        return sum(is_ready(pod) for pod in self.active)

    @property
    def terminating(self) -> int:
        """Return how many pods are ending."""
        return sum(is_deleting(pod) and dig(pod, "status", "phase") not in ("Succeeded", "Failed") for pod in self.pods)


def is_tracked(pod: Obj) -> bool:
    """Tell whether a pod still waits to be counted."""
    return FINALIZER in dig(pod, "metadata", "finalizers", default=[])


def tally(job: Obj, pods: Sequence[Obj]) -> Tally:
    """Sort a Job's pods."""
    found = Tally(job, pods, [pod for pod in pods if is_active(pod)])
    status = job.get("status") or {}
    waiting = status.get("uncountedTerminatedPods") or {}
    listed = {uid for name in ("succeeded", "failed") for uid in waiting.get(name) or []}
    verdicts: list[tuple[Obj, str]] = []
    for pod in pods:
        fresh = is_tracked(pod) and uid_of(pod) not in listed
        if dig(pod, "status", "phase") == "Succeeded":
            if fresh:
                found.new_succeeded.append(pod)
        elif has_failed(pod, job):
            action, _ = verdict(job, pod)
            verdicts.append((pod, action))
            if fresh:
                found.new_failed.append(pod)
                if action == "Ignore":
                    found.ignored.add(uid_of(pod))
    counted_failures = [pod for pod in found.new_failed if uid_of(pod) not in found.ignored]
    found.failed = int(status.get("failed", 0)) + len(waiting.get("failed") or []) + len(counted_failures)
    found.succeeded = int(status.get("succeeded", 0)) + len(waiting.get("succeeded") or []) + len(found.new_succeeded)
    if is_indexed(job):
        _count_indexes(found, verdicts)
    return found


def _count_indexes(found: Tally, verdicts: Sequence[tuple[Obj, str]]) -> None:
    completions = int(dig(found.job, "spec", "completions", default=0))
    done = parse_indexes(str(dig(found.job, "status", "completedIndexes", default="")), completions)
    done |= {index_of(pod) for pod in found.pods if dig(pod, "status", "phase") == "Succeeded"}
    found.done = {index for index in done if 0 <= index < completions}
    found.succeeded = len(found.done)
    if dig(found.job, "spec", "backoffLimitPerIndex") is not None:
        found.given_up = failed_indexes(found.job, verdicts) - found.done


def outcome(found: Tally, now: datetime) -> tuple[str, str, str] | None:
    """Return ``Complete`` or ``Failed`` with reason and message when the Job is to end; None while it goes on."""
    decided = _decided(found.job)
    return decided or _failure(found, now) or _success(found)


def _decided(job: Obj) -> tuple[str, str, str] | None:
    for interim, final in (("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")):
        known = find_condition(job, interim)
        if known is not None and known.get("status") == "True":
            return (final, str(known.get("reason", "")), str(known.get("message", "")))
    return None


def _failure(found: Tally, now: datetime) -> tuple[str, str, str] | None:
    job, spec = found.job, found.job["spec"]
    for pod in found.pods:
        if has_failed(pod, job):
            action, message = verdict(job, pod)
            if action == "FailJob":
                return ("Failed", "PodFailurePolicy", message)
    if found.failed > spec.get("backoffLimit", 6) or restarted_too_often(job, found.pods):
        return ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if _is_late(job, now):
        return ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    most = spec.get("maxFailedIndexes")
    if most is not None and len(found.given_up) > most:
        message = "Job has exceeded the specified maximal number of failed indexes"
        return ("Failed", "MaxFailedIndexesExceeded", message)
    if found.given_up and len(found.given_up) + len(found.done) >= int(spec.get("completions") or 0):
        return ("Failed", "FailedIndexes", "Job has failed indexes")
    return None


def _is_late(job: Obj, now: datetime) -> bool:
    left = seconds_left(job, now)
    return left is not None and left <= 0


def seconds_left(job: Obj, now: datetime) -> float | None:
    """Return how long the Job may still be active; None without a deadline or a start."""
    deadline, started = dig(job, "spec", "activeDeadlineSeconds"), dig(job, "status", "startTime")
    if deadline is None or not started or dig(job, "spec", "suspend"):
        return None
    return float(deadline) - (now - parse_timestamp(started)).total_seconds()


def _success(found: Tally) -> tuple[str, str, str] | None:
    if is_indexed(found.job):
        message = success_message(found.job, found.done)
        if message:
            return ("Complete", "SuccessPolicy", message)
    wanted = dig(found.job, "spec", "completions")
    if found.active:
        return None
    enough = found.succeeded > 0 if wanted is None else found.succeeded >= wanted
    return ("Complete", *_REACHED) if enough else None


def wanted_active(found: Tally) -> int:
    """Return how many pods should be running now."""
    spec = found.job["spec"]
    if spec.get("suspend"):
        return 0
    parallelism = int(spec.get("parallelism", 1))
    completions = spec.get("completions")
    if completions is None:
        return len(found.active) if found.succeeded else parallelism
    return max(0, min(parallelism, int(completions) - found.succeeded - len(found.given_up)))


def pending_indexes(found: Tally, count: int) -> list[int]:
    """Return the lowest indexes that neither run nor are done nor were given up."""
    busy = {index_of(pod) for pod in found.active} | found.done | found.given_up
    free = (index for index in range(int(dig(found.job, "spec", "completions", default=0))) if index not in busy)
    return [index for _, index in zip(range(count), free, strict=False)]
