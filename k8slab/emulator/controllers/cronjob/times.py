"""When a CronJob's next Job is due, and which starts were missed (pkg/controller/cronjob/utils.go). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from k8slab.clock import parse_timestamp
from k8slab.kube.cron import CronError, Schedule, parse_schedule
from k8slab.kube.objects import Obj, dig

_MANY = 100
# The controller looks a little late, so that clocks that differ a little do not make it look too early.
_PADDING = 0.1


@dataclass(frozen=True, slots=True)
class Due:
    """The start that is due now, if any; when to look again in seconds; whether very many starts were missed."""

    start: datetime | None
    again: float
    many_missed: bool = False


def zone_of(cron_job: Obj) -> tzinfo | None:
    """Return the CronJob's time zone; raises ``ZoneInfoNotFoundError`` or ``ValueError``."""
    name = dig(cron_job, "spec", "timeZone")
    return ZoneInfo(name) if name else None


def due(cron_job: Obj, now: datetime, zone: tzinfo | None) -> Due:
    """Return what is due; raises ``CronError``."""
    schedule = parse_schedule(str(dig(cron_job, "spec", "schedule", default="")))
    limited, missed = _latest(cron_job, schedule, now, zone, limited=True)
    latest, any_missed = _latest(cron_job, schedule, now, zone, limited=False)
    base = latest or (now if any_missed else _earliest(cron_job))
    following = schedule.next(base, zone)
    if following is None:
        raise CronError("time difference between two schedules is less than 1 second")
    again = (following - now).total_seconds() + _PADDING
    return Due(limited, again, missed > _MANY)


def _earliest(cron_job: Obj) -> datetime:
    last = dig(cron_job, "status", "lastScheduleTime")
    return parse_timestamp(last or cron_job["metadata"]["creationTimestamp"])


def _latest(
    cron_job: Obj, schedule: Schedule, now: datetime, zone: tzinfo | None, *, limited: bool
) -> tuple[datetime | None, int]:
    """Return the latest start up to now, and how many there were since the last Job."""
    earliest = _earliest(cron_job)
    deadline = dig(cron_job, "spec", "startingDeadlineSeconds")
    if limited and deadline is not None:
        earliest = max(earliest, now - timedelta(seconds=int(deadline)))
    first = schedule.next(earliest, zone)
    second = schedule.next(first, zone) if first else None
    if first is None or now < first:
        return None, 0
    if second is None or now < second:
        return first, 1
    between = max(1, round((second - first).total_seconds()))
    missed = int((now - first).total_seconds()) // between + 1
    latest = first
    moment = schedule.next(first + timedelta(seconds=max(0, missed - 2) * between), zone)
    while moment is not None and moment <= now:
        latest, moment = moment, schedule.next(moment, zone)
    return latest, missed
