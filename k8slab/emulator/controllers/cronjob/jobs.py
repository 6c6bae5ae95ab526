"""The Jobs of a CronJob. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from k8slab.clock import parse_timestamp, timestamp
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.machinery.controller import copy_of
from k8slab.kube.objects import Obj, annotations_of, condition_is_true, dig, labels_of, name_of, namespace_of, uid_of

_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def finished_as(job: Obj) -> str:
    """Return ``Complete`` or ``Failed``; an empty text while the Job is not over."""
    return next((kind for kind in ("Complete", "Failed") if condition_is_true(job, kind)), "")


def job_name(cron_job: Obj, start: datetime) -> str:
    """Return the name of the Job of a start: the minutes since 1970 tell one from another."""
    return f"{name_of(cron_job)}-{int(start.timestamp()) // 60}"


def job_of(cron_job: Obj, start: datetime, zone: tzinfo | None) -> Obj:
    """Return the Job of a start."""
    template = dig(cron_job, "spec", "jobTemplate", default={})
    local = start.astimezone(zone or UTC)
    shown = timestamp(local) if local.utcoffset() is not None and not local.utcoffset() else local.isoformat()
    meta: Obj = {
        "name": job_name(cron_job, start),
        "namespace": namespace_of(cron_job),
        "annotations": {**annotations_of(template), _SCHEDULED: shown},
        "ownerReferences": [controller_reference(cron_job)],
    }
    if labels_of(template):
        meta["labels"] = labels_of(template)
    return copy_of({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template.get("spec") or {}})


def reference_to(job: Obj) -> Obj:
    """Return the entry of ``status.active``."""
    return {
        "kind": "Job",
        "namespace": namespace_of(job),
        "name": name_of(job),
        "uid": uid_of(job),
        "apiVersion": "batch/v1",
        "resourceVersion": str(job["metadata"]["resourceVersion"]),
    }


def surplus(cron_job: Obj, jobs: Sequence[Obj]) -> list[Obj]:
    """Return the finished Jobs beyond the history limits, oldest first."""
    found: list[Obj] = []
    for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        limit = dig(cron_job, "spec", field)
        if limit is not None:
            over = sorted((job for job in jobs if finished_as(job) == kind), key=_started)
            found += over[: max(0, len(over) - int(limit))]
    return found


def _started(job: Obj) -> tuple[str, str]:
    return (str(dig(job, "status", "startTime", default="~")), name_of(job))


def last_success(cron_job: Obj, jobs: Sequence[Obj]) -> str:
    """Return when a Job succeeded last; empty when none has."""
    times = [str(dig(job, "status", "completionTime", default="")) for job in jobs if finished_as(job) == "Complete"]
    known = str(dig(cron_job, "status", "lastSuccessfulTime", default=""))
    return max((time for time in (*times, known) if time), key=parse_timestamp, default="")
