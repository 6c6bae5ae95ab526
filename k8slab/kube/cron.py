"""Schedules of CronJobs: the fields, names and error texts of github.com/robfig/cron v3 (ParseStandard).

A library would accept what Kubernetes refuses (a 7 for Sunday, ``L``, ``#``) and word its refusals otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Nothing that can happen is further away: the 29th of February on one weekday (SpecSchedule.Next).
_YEARS = 5


class CronError(ValueError):
    """A schedule cannot be understood; the text is the parser's."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a field may hold."""

    least: int
    most: int
    names: Mapping[str, int]


_FIELDS = (
    Bounds(0, 59, {}), Bounds(0, 23, {}), Bounds(1, 31, {}),
    Bounds(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    Bounds(0, 6, {name: number for number, name in enumerate(_DAYS)}),
)  # fmt: skip
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Field:
    """The numbers of a field; ``any`` when it was a plain star."""

    numbers: frozenset[int]
    any: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minute, hour, day of month, month and day of week; or one time every so many seconds."""

    fields: tuple[Field, ...]
    every: float = 0.0

    def next(self, after: datetime, zone: tzinfo | None = None) -> datetime | None:
        """Return the first time after a moment, in the moment's own zone; None when there is none."""
        if self.every:
            return after.replace(microsecond=0) + timedelta(seconds=self.every)
        local = after.astimezone(zone) if zone else after
        moment = local.replace(second=0, microsecond=0) + timedelta(minutes=1)
        last = moment.year + _YEARS
        while moment.year <= last:
            step = self._step(moment)
            if step is None:
                return moment.astimezone(after.tzinfo)
            moment = step
        return None

    def _step(self, moment: datetime) -> datetime | None:
        """Return the next moment to look at; None when this one is meant."""
        minute, hour, _, month, _ = self.fields
        if moment.month not in month.numbers:
            return (moment.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
        if not self._is_day(moment):
            return moment.replace(hour=0, minute=0) + timedelta(days=1)
        if moment.hour not in hour.numbers:
            return moment.replace(minute=0) + timedelta(hours=1)
        if moment.minute not in minute.numbers:
            return moment + timedelta(minutes=1)
        return None

    def _is_day(self, moment: datetime) -> bool:
        _, _, day, _, weekday = self.fields
        fits = (moment.day in day.numbers, moment.isoweekday() % 7 in weekday.numbers)
        return all(fits) if day.any or weekday.any else any(fits)


def parse_schedule(text: str) -> Schedule:
    """Return the schedule; raises ``CronError``."""
    if not text:
        raise CronError("empty spec string")
    if text.startswith("@"):
        return _descriptor(text)
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise CronError(f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{' '.join(parts)}]")
    return Schedule(tuple(_field(part, bounds) for part, bounds in zip(parts, _FIELDS, strict=True)))


def _descriptor(text: str) -> Schedule:
    if text in _DESCRIPTORS:
        return parse_schedule(_DESCRIPTORS[text])
    if not text.startswith("@every "):
        raise CronError(f"unrecognized descriptor: {text}")
    duration = text.removeprefix("@every ")
    if not re.fullmatch(r"(\d+(\.\d+)?(h|ms|m|s|us|ns))+", duration):
        raise CronError(f'failed to parse duration {text}: time: invalid duration "{duration}"')
    seconds = sum(float(n) * _UNITS[unit] for n, _, unit in re.findall(r"(\d+(\.\d+)?)(h|ms|m|s|us|ns)", duration))
    return Schedule((), max(1.0, float(int(seconds))))


def _field(text: str, bounds: Bounds) -> Field:
    numbers: set[int] = set()
    star = False
    for part in (part for part in text.split(",") if part):
        found, plain = _range(part, bounds)
        numbers |= set(found)
        star = star or plain
    return Field(frozenset(numbers), star)


def _range(text: str, bounds: Bounds) -> tuple[range, bool]:
    parts = text.split("/")
    ends = parts[0].split("-")
    star = ends[0] in ("*", "?")
    if star:
        start, end = bounds.least, bounds.most
    else:
        start = _number(ends[0], bounds)
        if len(ends) > 2:  # noqa: PLR2004 - from and to
            raise CronError(f"too many hyphens: {text}")
        end = _number(ends[1], bounds) if len(ends) == 2 else start  # noqa: PLR2004
    if len(parts) > 2:  # noqa: PLR2004 - range and step
        raise CronError(f"too many slashes: {text}")
    step = 1
    if len(parts) == 2:  # noqa: PLR2004
        step = _integer(parts[1])
        # "N/step" means "N-max/step".
        end = bounds.most if len(ends) == 1 else end
    _check(text, start, end, bounds)
    if not step:
        raise CronError(f"step of range should be a positive number: {text}")
    return range(start, end + 1, step), star and step == 1


def _check(text: str, start: int, end: int, bounds: Bounds) -> None:
    if start < bounds.least:
        raise CronError(f"beginning of range ({start}) below minimum ({bounds.least}): {text}")
    if end > bounds.most:
        raise CronError(f"end of range ({end}) above maximum ({bounds.most}): {text}")
    if start > end:
        raise CronError(f"beginning of range ({start}) beyond end of range ({end}): {text}")


def _number(text: str, bounds: Bounds) -> int:
    return bounds.names[text.lower()] if text.lower() in bounds.names else _integer(text)


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise CronError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise CronError(f"negative number ({number}) not allowed: {text}")
    return number
