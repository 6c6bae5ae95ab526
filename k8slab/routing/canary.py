"""Whether a request goes to the canary (ing:rootfs/etc/nginx/lua/balancer.lua, route_to_alternative_balancer)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from k8slab.routing.settings import Settings


@dataclass(frozen=True, slots=True)
class Chance:
    """The share of requests like this one that go to the canary, between 0 and 1, and what decides it."""

    share: float
    reason: str


def chance(settings: Settings, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Chance:
    """Return the chance of a request; header names are in lower case. Header before cookie before weight."""
    return (
        _by_header(settings, headers.get(settings.canary_header.lower()) if settings.canary_header else None)
        or _by_word("cookie", settings.canary_cookie, cookies.get(settings.canary_cookie))
        or _by_weight(settings)
    )


def _by_header(settings: Settings, value: str | None) -> Chance | None:
    name, wanted, pattern = settings.canary_header, settings.canary_header_value, settings.canary_header_pattern
    if value is None:
        return None
    if wanted:
        return Chance(1, f"header {name} is {wanted}") if value == wanted else None
    if pattern:
        try:
            found = re.search(pattern, value)
        except re.error:
            return Chance(0, f"the pattern {pattern} for header {name} is no regular expression")
        return Chance(1, f"header {name} matches {pattern}") if found else None
    return _by_word("header", name, value)


def _by_word(kind: str, name: str, value: str | None) -> Chance | None:
    known = {"always": 1.0, "never": 0.0}
    return Chance(known[value], f"{kind} {name} is {value}") if name and value in known else None


def _by_weight(settings: Settings) -> Chance:
    total = max(settings.canary_weight_total, 100)
    share = min(max(settings.canary_weight / total, 0.0), 1.0)
    return Chance(share, f"canary-weight is {settings.canary_weight} of {total}")
