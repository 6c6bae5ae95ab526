"""The CronJob controller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfoNotFoundError

from k8slab.clock import timestamp
from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.controllers.cronjob.jobs import (
    finished_as,
    job_name,
    job_of,
    last_success,
    reference_to,
    surplus,
)
from k8slab.emulator.controllers.cronjob.times import Due, due, zone_of
from k8slab.emulator.controllers.ending import namespace_ends
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
from k8slab.kube.cron import CronError
from k8slab.kube.objects import Obj, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import CRON_JOBS, JOBS
from k8slab.kube.status import ApiError


class CronJobController:
    """Starts Jobs at their times, follows them, and removes the oldest finished ones."""

    name = "cronjob-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._cron_jobs = desk.informer(CRON_JOBS)
        self._jobs = desk.informer(JOBS)
        self._recorder = desk.recorder(self.name)

    def watches(self) -> Sequence[Watch]:
        """React to CronJobs and to their Jobs."""
        return (Watch(CRON_JOBS, own_key), Watch(JOBS, controller_key("CronJob")))

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one CronJob up to date."""
        known = self._cron_jobs.get(*key)
        if known is None:
            return DONE
        cron_job = copy_of(known)
        status = cron_job.setdefault("status", {})
        jobs = list(self._jobs.controlled_by(uid_of(cron_job)))
        self._follow(cron_job, jobs)
        again = None if is_deleting(cron_job) else await self._start_due(cron_job)
        success = last_success(cron_job, jobs)
        if success:
            status["lastSuccessfulTime"] = success
        if not status.get("active"):
            status.pop("active", None)
        if status != (known.get("status") or {}):
            await self._api.update(CRON_JOBS, cron_job, subresource="status")
        for job in surplus(cron_job, jobs):
            await self._delete(cron_job, job)
        return Result(again)

    def _follow(self, cron_job: Obj, jobs: Sequence[Obj]) -> None:
        """Take Jobs off ``status.active`` that are over or gone."""
        status = cron_job["status"]
        active: list[Obj] = list(status.get("active") or [])
        by_uid = {uid_of(job): job for job in jobs}
        for entry in list(active):
            job = by_uid.get(str(entry.get("uid")))
            if job is None:
                self._recorder.event(cron_job, "Normal", "MissingJob", f"Active job went missing: {entry['name']}")
            elif finished_as(job):
                words = f"Saw completed job: {name_of(job)}, condition: {finished_as(job)}"
                self._recorder.event(cron_job, "Normal", "SawCompletedJob", words)
            else:
                continue
            active.remove(entry)
        listed = {str(entry.get("uid")) for entry in active}
        for job in jobs:
            if not finished_as(job) and uid_of(job) not in listed:
                words = f"Saw a job that the controller did not create or forgot: {name_of(job)}"
                self._recorder.event(cron_job, "Warning", "UnexpectedJob", words)
        status["active"] = active

    async def _start_due(self, cron_job: Obj) -> float | None:
        """Start the Job that is due, if one is; return in how many seconds to look again."""
        spec, now = cron_job["spec"], self._desk.clock.now()
        try:
            zone = zone_of(cron_job)
        except (ZoneInfoNotFoundError, ValueError):
            words = f'invalid timeZone: "{spec["timeZone"]}": unknown time zone {spec["timeZone"]}'
            self._recorder.event(cron_job, "Warning", "UnknownTimeZone", words)
            return None
        if spec.get("suspend"):
            return None
        try:
            found = due(cron_job, now, zone)
        except CronError as error:
            words = f'unparseable schedule: "{spec["schedule"]}" : {error}'
            self._recorder.event(cron_job, "Warning", "UnparseableSchedule", words)
            return None
        if found.start is not None and self._may_start(cron_job, found, found.start, now):
            await self._start(cron_job, found.start, zone)
            return due(cron_job, now, zone).again
        return found.again

    def _may_start(self, cron_job: Obj, found: Due, start: datetime, now: datetime) -> bool:
        spec, status = cron_job["spec"], cron_job["status"]
        if found.many_missed:
            words = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._recorder.event(cron_job, "Warning", "TooManyMissedTimes", words)
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None and start + timedelta(seconds=int(deadline)) < now:
            words = f"Missed scheduled time to start a job: {start.strftime('%a, %d %b %Y %H:%M:%S +0000')}"
            self._recorder.event(cron_job, "Warning", "MissSchedule", words)
            return False
        names = {entry.get("name") for entry in status["active"]}
        if job_name(cron_job, start) in names or status.get("lastScheduleTime") == timestamp(start):
            return False
        if spec.get("concurrencyPolicy") == "Forbid" and status["active"]:
            words = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._recorder.event(cron_job, "Normal", "JobAlreadyActive", words)
            return False
        return True

    async def _start(self, cron_job: Obj, start: datetime, zone: tzinfo | None) -> None:
        status = cron_job["status"]
        if cron_job["spec"].get("concurrencyPolicy") == "Replace":
            for entry in list(status["active"]):
                job = self._jobs.get(namespace_of(cron_job), str(entry["name"]))
                if job is not None:
                    await self._delete(cron_job, job)
                status["active"].remove(entry)
        wanted = job_of(cron_job, start, zone)
        try:
            job = await self._api.create(JOBS, wanted)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                if not namespace_ends(error):
                    words = f"Error creating job: {error.message}"
                    self._recorder.event(cron_job, "Warning", "FailedCreate", words)
                raise
            job = await self._api.get(JOBS, namespace_of(wanted), name_of(wanted))
        else:
            self._recorder.event(cron_job, "Normal", "SuccessfulCreate", f"Created job {name_of(job)}")
        status["active"].append(reference_to(job))
        status["lastScheduleTime"] = timestamp(start)

    async def _delete(self, cron_job: Obj, job: Obj) -> None:
        options = DeleteOptions(propagation_policy="Background")
        try:
            await self._api.delete(JOBS, namespace_of(job), name_of(job), options)
        except ApiError as error:
            if error.reason == "NotFound":
                return
            self._recorder.event(cron_job, "Warning", "FailedDelete", f"Deleted job: {error.message}")
            raise
        self._recorder.event(cron_job, "Normal", "SuccessfulDelete", f"Deleted job {name_of(job)}")
