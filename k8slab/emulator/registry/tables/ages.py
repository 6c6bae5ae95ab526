"""Ages as kubectl prints them (k8s.io/apimachinery/pkg/util/duration: HumanDuration)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from k8slab.clock import parse_timestamp

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def human_duration(seconds: float) -> str:
    """Return a short text: ``5s``, ``3m20s``, ``47m``, ``5h12m``, ``2d3h``, ``40d``, ``2y35d``."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    for below, text in _STEPS:
        if whole < below:
            return text(whole)
    return f"{whole // _YEAR}y"


def _pair(whole: int, big: int, small: int, names: str) -> str:
    left = whole % big // small
    return f"{whole // big}{names[0]}" + (f"{left}{names[1]}" if left else "")


_STEPS: tuple[tuple[int, Callable[[int], str]], ...] = (
    (2 * _MINUTE, lambda whole: f"{whole}s"),
    (10 * _MINUTE, lambda whole: _pair(whole, _MINUTE, 1, "ms")),
    (3 * _HOUR, lambda whole: f"{whole // _MINUTE}m"),
    (8 * _HOUR, lambda whole: _pair(whole, _HOUR, _MINUTE, "hm")),
    (2 * _DAY, lambda whole: f"{whole // _HOUR}h"),
    (8 * _DAY, lambda whole: _pair(whole, _DAY, _HOUR, "dh")),
    (2 * _YEAR, lambda whole: f"{whole // _DAY}d"),
    (8 * _YEAR, lambda whole: _pair(whole, _YEAR, _DAY, "yd")),
)


def age(timestamp: str | None, now: datetime) -> str:
    """Return how long ago a timestamp was; ``<unknown>`` for none."""
    if not timestamp:
        return "<unknown>"
    return human_duration((now - parse_timestamp(timestamp)).total_seconds())
