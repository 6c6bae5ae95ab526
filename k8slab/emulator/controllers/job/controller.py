"""The Job controller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8slab.clock import parse_timestamp, timestamp
from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.controllers.job.indexes import format_indexes, is_indexed
from k8slab.emulator.controllers.job.pods import job_pod
from k8slab.emulator.controllers.job.policies import has_failed, only_failed_are_replaced
from k8slab.emulator.controllers.job.tally import (
    FINALIZER,
    Tally,
    is_tracked,
    outcome,
    pending_indexes,
    seconds_left,
    tally,
    wanted_active,
)
from k8slab.emulator.controllers.pod_control import PodControl
from k8slab.emulator.controllers.replicaset_ranking import pods_to_delete
from k8slab.emulator.machinery.controller import (
    DONE,
    Desk,
    ObjectKey,
    Result,
    Watch,
    controller_key,
    copy_of,
    own_key,
)
from k8slab.kube.objects import (
    Obj,
    condition_is_true,
    controller_of,
    dig,
    find_condition,
    is_deleting,
    name_of,
    namespace_of,
    uid_of,
)
from k8slab.kube.resources import JOBS, PODS
from k8slab.kube.status import ApiError

_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 10.0, 600.0
_INTERIM = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}


@dataclass(slots=True)
class _Failures:
    """How many pods failed in a row, and when the last one did (seconds of the clock)."""

    count: int = 0
    last: float = 0.0


class JobController:
    """Creates pods, counts what became of each exactly once, and says when the Job is over."""

    name = "job-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._jobs = desk.informer(JOBS)
        self._pods = desk.informer(PODS)
        self._recorder = desk.recorder(self.name)
        self._control = PodControl(self._api, self._recorder)
        self._failures: dict[str, _Failures] = {}

    def watches(self) -> Sequence[Watch]:
        """React to Jobs and to their pods."""
        return (Watch(JOBS, own_key), Watch(PODS, controller_key("Job")))

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one Job closer to its end."""
        known = self._jobs.get(*key)
        await self._let_orphans_go(key, known)
        if known is None:
            return DONE
        job = copy_of(known)
        if condition_is_true(job, "Complete") or condition_is_true(job, "Failed"):
            await self._untrack(self._pods.controlled_by(uid_of(job)))
            return await self._after_end(job)
        now = self._desk.clock.now()
        status = job.setdefault("status", {})
        if not status.get("startTime") and not dig(job, "spec", "suspend"):
            status["startTime"] = timestamp(now)
        found = tally(job, list(self._pods.controlled_by(uid_of(job))))
        self._note_failures(found)
        end = outcome(found, now)
        again: float | None = None
        if end is not None:
            await self._end_active(found)
        elif not is_deleting(job):
            again = await self._manage(found)
            self._note_suspension(job)
        await self._report(known, found, end)
        left = seconds_left(job, now)
        return Result(min((wait for wait in (again, left) if wait is not None and wait > 0), default=None))

    # --- pods ---

    async def _let_orphans_go(self, key: ObjectKey, job: Obj | None) -> None:
        """Let pods go whose Job is gone: nobody will count them."""
        orphans = []
        for pod in self._pods.objects(key.namespace):
            owner = controller_of(pod) or {}
            named = is_tracked(pod) and (owner.get("kind"), owner.get("name")) == ("Job", key.name)
            if named and (job is None or owner.get("uid") != uid_of(job)):
                orphans.append(pod)
        await self._untrack(orphans)

    async def _untrack(self, pods: Iterable[Obj]) -> None:
        for pod in pods:
            if not is_tracked(pod):
                continue
            kept = [entry for entry in pod["metadata"]["finalizers"] if entry != FINALIZER]
            patch = {"metadata": {"uid": uid_of(pod), "finalizers": kept or None}}
            try:
                await self._api.patch(PODS, namespace_of(pod), name_of(pod), patch)
            except ApiError as error:
                if error.reason not in ("NotFound", "Conflict"):
                    raise

    async def _end_active(self, found: Tally) -> None:
        for pod in found.active:
            await self._control.delete(found.job, pod)

    async def _manage(self, found: Tally) -> float | None:
        """Start or end pods; return how long to wait where a failure asks for a pause."""
        wanted, job = wanted_active(found), found.job
        surplus = len(found.active) - wanted
        if surplus > 0:
            leaving = pods_to_delete(found.active, found.active, surplus, self._desk.clock.now())
            # Pods that are merely too many count neither as succeeded nor as failed.
            await self._untrack(leaving)
            for pod in leaving:
                await self._control.delete(job, pod)
            return None
        missing = -surplus - (found.terminating if only_failed_are_replaced(job) else 0)
        if missing <= 0:
            return None
        if dig(job, "spec", "backoffLimitPerIndex") is None:
            pause = self._pause(uid_of(job))
            if pause > 0:
                return pause
        indexes: list[int | None] = [*pending_indexes(found, missing)] if is_indexed(job) else [None] * missing
        failed = [pod for pod in found.pods if has_failed(pod, job)]
        await self._control.create_all(job, [job_pod(job, index, failed) for index in indexes])
        return None

    def _note_failures(self, found: Tally) -> None:
        record = self._failures.setdefault(uid_of(found.job), _Failures())
        if found.new_succeeded:
            record.count = 0
        counted = [pod for pod in found.new_failed if uid_of(pod) not in found.ignored]
        if counted:
            record.count += len(counted)
            record.last = self._desk.clock.monotonic()

    def _pause(self, uid: str) -> float:
        """Return how long to wait before the next pod: 10 s after a failure, then twice as long for each in a row."""
        record = self._failures[uid]
        if not record.count:
            return 0.0
        pause = min(_FIRST_BACK_OFF * 2.0 ** (record.count - 1), _LONGEST_BACK_OFF)
        return record.last + pause - self._desk.clock.monotonic()

    def _note_suspension(self, job: Obj) -> None:
        """Say in the Suspended condition whether the Job rests; a resumed one starts its time anew."""
        known, rests = find_condition(job, "Suspended"), bool(dig(job, "spec", "suspend"))
        if (known is None and not rests) or (known is not None and (known.get("status") == "True") is rests):
            return
        word, reason, text = ("True", "JobSuspended", "suspended") if rests else ("False", "JobResumed", "resumed")
        now = timestamp(self._desk.clock.now())
        condition = _condition("Suspended", word, reason, f"Job {text}", now)
        others = [entry for entry in job["status"].get("conditions") or [] if entry["type"] != "Suspended"]
        job["status"]["conditions"] = [*others, condition]
        self._recorder.event(job, "Normal", text.title(), f"Job {text}")
        if not rests:
            job["status"]["startTime"] = now

    # --- status ---

    async def _report(self, known: Obj, before: Tally, end: tuple[str, str, str] | None) -> None:
        """Note what ended, let it go, then count it, so that nothing is counted twice or lost."""
        job = before.job
        status = job["status"]
        waiting = status.get("uncountedTerminatedPods") or {}
        lists = {name: list(waiting.get(name) or []) for name in ("succeeded", "failed")}
        if not is_indexed(job):
            lists["succeeded"] += [uid_of(pod) for pod in before.new_succeeded]
        lists["failed"] += [uid_of(pod) for pod in before.new_failed if uid_of(pod) not in before.ignored]
        ended = [*before.new_succeeded, *before.new_failed]
        self._write_counts(status, before, uid=uid_of(job))
        if end is not None:
            self._conclude(job, end, ("True", _INTERIM[end[0]]))
        status["uncountedTerminatedPods"] = {name: uids for name, uids in lists.items() if uids}
        if status != (known.get("status") or {}):
            job = await self._api.update(JOBS, job, subresource="status")
        if not any(lists.values()) and not ended and end is None:
            return
        listed = {*lists["succeeded"], *lists["failed"]}
        await self._untrack([*ended, *(pod for pod in before.pods if uid_of(pod) in listed)])
        await self._count(copy_of(job), lists, end)

    async def _count(self, job: Obj, lists: dict[str, list[str]], end: tuple[str, str, str] | None) -> None:
        status = job["status"]
        for name, uids in lists.items():
            if uids:
                status[name] = int(status.get(name, 0)) + len(uids)
        status["uncountedTerminatedPods"] = {}
        left = [pod for pod in self._pods.controlled_by(uid_of(job)) if dig(pod, "status", "phase") not in
                ("Succeeded", "Failed")]  # fmt: skip
        if end is not None and not left:
            self._finish(job, end)
        await self._api.update(JOBS, job, subresource="status")

    def _write_counts(self, status: Obj, before: Tally, uid: str) -> None:
        job = before.job
        pods = list(self._pods.controlled_by(uid))
        after = tally({**job, "status": status}, pods)
        status["ready"], status["terminating"] = after.ready, after.terminating
        status.pop("active", None)
        if after.active:
            status["active"] = len(after.active)
        if is_indexed(job):
            if before.done:
                status["completedIndexes"] = format_indexes(before.done)
                status["succeeded"] = len(before.done)
            if dig(job, "spec", "backoffLimitPerIndex") is not None:
                status["failedIndexes"] = format_indexes(before.given_up)

    def _conclude(self, job: Obj, end: tuple[str, str, str], wanted: tuple[str, str]) -> None:
        word, kind = wanted
        if find_condition(job, kind) is None:
            now = timestamp(self._desk.clock.now())
            job["status"].setdefault("conditions", []).append(_condition(kind, word, end[1], end[2], now))

    def _finish(self, job: Obj, end: tuple[str, str, str]) -> None:
        kind, reason, message = end
        self._conclude(job, end, ("True", kind))
        self._failures.pop(uid_of(job), None)
        if kind == "Complete":
            job["status"]["completionTime"] = timestamp(self._desk.clock.now())
            self._recorder.event(job, "Normal", "Completed", "Job completed")
        else:
            self._recorder.event(job, "Warning", reason, message)

    async def _after_end(self, job: Obj) -> Result:
        """Delete the Job when its time after the end is over (the TTL controller)."""
        seconds = dig(job, "spec", "ttlSecondsAfterFinished")
        if seconds is None or is_deleting(job):
            return DONE
        final = next(entry for kind in ("Complete", "Failed") if (entry := find_condition(job, kind)) is not None)
        ended = parse_timestamp(final["lastTransitionTime"])
        left = float(seconds) - (self._desk.clock.now() - ended).total_seconds()
        if left > 0:
            return Result(left)
        try:
            options = DeleteOptions(propagation_policy="Foreground")
            await self._api.delete(JOBS, namespace_of(job), name_of(job), options)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
        return DONE


def _condition(kind: str, status: str, reason: str, message: str, now: str) -> Obj:
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }
