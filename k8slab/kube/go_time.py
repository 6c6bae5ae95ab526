"""What Go's ``time.Parse`` says of a text that is no RFC 3339 time."""

from __future__ import annotations

import re
from calendar import monthrange

_LAYOUT = "2006-01-02T15:04:05Z07:00"
# The parts of the layout, and what may stand for each.
_PARTS = (
    ("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"), ("15", r"\d{1,2}"),
    (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d(?:[.,]\d+)?"), ("Z07:00", r"Z|[+-]\d\d:\d\d"),
)  # fmt: skip


def time_problem(text: str) -> str:
    """Return Go's message for the first mistake; empty when there is none."""
    rest, found = text, dict[str, str]()
    for part, pattern in _PARTS:
        match = re.match(pattern, rest)
        if match is None:
            return f'parsing time "{text}" as "{_LAYOUT}": cannot parse "{rest}" as "{part}"'
        found[part] = match[0]
        rest = rest[match.end() :]
        field = _out_of_range(found, part)
        if field:
            return f'parsing time "{text}": {field} out of range'
    if rest:
        return f'parsing time "{text}": extra text: "{rest}"'
    return "" if _day_exists(found) else f'parsing time "{text}": day out of range'


_RANGES = {"01": ("month", 1, 12), "15": ("hour", 0, 23), "04": ("minute", 0, 59), "05": ("second", 0, 59)}


def _out_of_range(found: dict[str, str], part: str) -> str:
    name, low, high = _RANGES.get(part, ("", 0, 0))
    return name if name and not low <= int(re.split("[.,]", found[part])[0]) <= high else ""


def _day_exists(found: dict[str, str]) -> bool:
    year, month, day = int(found["2006"]) or 1, int(found["01"]), int(found["02"])
    return 1 <= day <= monthrange(year, month)[1]
