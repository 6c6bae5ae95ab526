"""Job: pods that run to their end, so many at a time, until enough have succeeded (pkg/controller/job)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8slab.clock import parse_timestamp, timestamp
from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.controllers.pods import is_active, is_ready
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, controller_key, copy_of, own_key
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import JOBS, PODS
from k8slab.kube.status import ApiError

_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 10.0, 600.0
_REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
_LIMIT = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
_DEADLINE = ("DeadlineExceeded", "Job was active longer than specified deadline")


class JobController:
    """Creates pods, counts what became of them, and says when the Job is over."""

    name = "job-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._jobs = desk.informer(JOBS)
        self._pods = desk.informer(PODS)
        self._recorder = desk.recorder(self.name)

    def watches(self) -> Sequence[Watch]:
        """React to Jobs and to their pods."""
        return (Watch(JOBS, own_key), Watch(PODS, controller_key("Job")))

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one Job closer to its end."""
        job = self._jobs.get(key.namespace, key.name)
        if job is None or is_deleting(job):
            return DONE
        if _is_over(job):
            return await self._after_end(job)
        pods = list(self._pods.controlled_by(uid_of(job)))
        now = self._desk.clock.now()
        status = _counted(job, pods, timestamp(now))
        over = self._outcome(job, status)
        again: float | None = None
        if over is not None:
            await self._finish(job, pods, status, *over)
        elif dig(job, "spec", "suspend"):
            await self._delete_active(pods)
        else:
            again = await self._create_missing(job, pods, status)
        await self._write(job, status)
        return Result(again) if again else DONE

    def _outcome(self, job: Obj, status: Obj) -> tuple[str, str, str] | None:
        """Return the condition that ends the Job with its reason and message, or None."""
        spec = job["spec"]
        wanted = spec.get("completions")
        enough = status.get("succeeded", 0) >= (wanted if wanted is not None else 1)
        if enough and (wanted is not None or not status.get("active")):
            return ("Complete", *_REACHED)
        if status.get("failed", 0) > spec.get("backoffLimit", 6):
            return ("Failed", *_LIMIT)
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is not None and status.get("startTime"):
            ran = self._desk.clock.now() - parse_timestamp(status["startTime"])
            if ran.total_seconds() >= deadline:
                return ("Failed", *_DEADLINE)
        return None

    async def _finish(self, job: Obj, pods: Sequence[Obj], status: Obj, kind: str, reason: str, message: str) -> None:
        now = timestamp(self._desk.clock.now())
        first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
        status["conditions"] = [
            {"type": name, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": reason,
             "message": message}
            for name in (first, kind)
        ]  # fmt: skip
        if kind == "Complete":
            status["completionTime"] = now
            self._recorder.event(job, "Normal", "Completed", "Job completed")
        else:
            self._recorder.event(job, "Warning", reason, message)
        status.pop("active", None)
        status["ready"] = 0
        await self._delete_active(pods)

    async def _delete_active(self, pods: Sequence[Obj]) -> None:
        for pod in pods:
            if is_active(pod):
                await _gone(self._api.delete(PODS, namespace_of(pod), name_of(pod)))

    async def _create_missing(self, job: Obj, pods: Sequence[Obj], status: Obj) -> float | None:
        spec = job["spec"]
        wait = self._back_off(job, pods, status)
        if wait > 0:
            return wait
        left = spec.get("completions")
        missing = (
            spec.get("parallelism", 1)
            if left is None
            else min(spec.get("parallelism", 1), left - status.get("succeeded", 0))
        )
        for _ in range(missing - status.get("active", 0)):
            made = await self._api.create(PODS, _pod(job))
            self._recorder.event(job, "Normal", "SuccessfulCreate", f"Created pod: {name_of(made)}")
            status["active"] = status.get("active", 0) + 1
        return self._deadline(spec, status)

    def _back_off(self, job: Obj, pods: Sequence[Obj], status: Obj) -> float:
        """Return how long a Job whose pods fail waits: 10 s, then twice as long for each failure."""
        failures = [pod for pod in pods if dig(pod, "status", "phase") == "Failed"]
        if not failures or status.get("active") or dig(job, "spec", "backoffLimit") == 0:
            return 0.0
        last = max(_ended_at(pod) for pod in failures)
        pause = min(_FIRST_BACK_OFF * 2 ** (len(failures) - 1), _LONGEST_BACK_OFF)
        waited = (self._desk.clock.now() - parse_timestamp(last)).total_seconds()
        return float(pause - waited)

    def _deadline(self, spec: Obj, status: Obj) -> float | None:
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is None:
            return None
        ran = self._desk.clock.now() - parse_timestamp(status["startTime"])
        return max(0.1, float(deadline) - ran.total_seconds())

    async def _write(self, job: Obj, status: Obj) -> None:
        if status != (job.get("status") or {}):
            changed = copy_of(job)
            changed["status"] = status
            await self._api.update(JOBS, changed, subresource="status")

    async def _after_end(self, job: Obj) -> Result:
        """Delete the Job when its time after the end is over (the TTL controller)."""
        seconds = dig(job, "spec", "ttlSecondsAfterFinished")
        if seconds is None:
            return DONE
        ended = next(parse_timestamp(entry["lastTransitionTime"]) for entry in job["status"]["conditions"]
                     if entry["type"] in ("Complete", "Failed"))  # fmt: skip
        left = seconds - (self._desk.clock.now() - ended).total_seconds()
        if left > 0:
            return Result(left)
        options = DeleteOptions(propagation_policy="Foreground")
        await _gone(self._api.delete(JOBS, namespace_of(job), name_of(job), options))
        return DONE


async def _gone(deletion: Any) -> None:
    try:
        await deletion
    except ApiError as error:
        if error.reason != "NotFound":
            raise


def _is_over(job: Obj) -> bool:
    return any((find_condition(job, kind) or {}).get("status") == "True" for kind in ("Complete", "Failed"))


def _counted(job: Obj, pods: Sequence[Obj], now: str) -> Obj:
    """Return the status that the pods make."""
    status: Obj = {"startTime": dig(job, "status", "startTime", default=now), "uncountedTerminatedPods": {}}
    phases = [dig(pod, "status", "phase") for pod in pods]
    active = [pod for pod in pods if is_active(pod)]
    for name, count in (
        ("succeeded", phases.count("Succeeded")),
        ("failed", phases.count("Failed")),
        ("active", len(active)),
    ):
        if count:
            status[name] = count
    status["ready"] = sum(is_ready(pod) for pod in active)
    status["terminating"] = sum(
        is_deleting(pod) and phase not in ("Succeeded", "Failed") for pod, phase in zip(pods, phases, strict=True)
    )
    return status


def _ended_at(pod: Obj) -> str:
    statuses = dig(pod, "status", "containerStatuses", default=[])
    times = [dig(entry, "state", "terminated", "finishedAt", default="") for entry in statuses]
    return str(max([time for time in times if time], default=pod["metadata"]["creationTimestamp"]))


def _pod(job: Obj) -> Obj:
    template = copy_of(dig(job, "spec", "template"))
    meta: Obj = {
        "generateName": f"{name_of(job)}-",
        "namespace": namespace_of(job),
        "labels": dig(template, "metadata", "labels", default={}),
        "ownerReferences": [controller_reference(job)],
    }
    if dig(template, "metadata", "annotations"):
        meta["annotations"] = template["metadata"]["annotations"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
