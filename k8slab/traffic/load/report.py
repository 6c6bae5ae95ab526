"""What a load run showed, in numbers: rate, answers, latency, shares of versions, the bucket's agreement."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from k8slab.traffic.load.bucket import Agreement, Limit, compare
from k8slab.traffic.load.samples import Plan, Sample

_Z95 = 1.959964
_MOST_VERSIONS = 8


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson's score interval), from 0 to 1."""
    if not total:
        return 0.0, 1.0
    share, z2 = hits / total, _Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the sorted values lies; 0 without any."""
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else 0.0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The run in numbers. ``targets`` are the shares that versions should have, from 0 to 1."""

    plan: Plan
    samples: tuple[Sample, ...]
    url: str = ""
    limits: tuple[Limit, ...] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    svg: str = ""

    @property
    def statuses(self) -> dict[int, int]:
        """Return how often each status came; 0 is no answer."""
        return dict(sorted(Counter(sample.status for sample in self.samples).items()))

    @property
    def rate(self) -> float:
        """Return the requests per second that were really sent, from the start to one interval after the last."""
        last = max((sample.sent for sample in self.samples), default=0.0)
        return len(self.samples) / (last + 1 / self.plan.rps) if self.samples else 0.0

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """Return what the computed buckets share with nginx's verdicts."""
        return tuple(compare(limit, self.samples) for limit in self.limits)

    @property
    def versions(self) -> dict[str, int]:
        """Return how many good answers each version gave; empty where there is but one, or too many to tell."""
        found = Counter(sample.version for sample in self.samples if sample.ok)
        return dict(found.most_common()) if 1 < len(found) <= _MOST_VERSIONS or self.targets else {}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> list[str]:
        asked, sent = self.plan.rps, self.rate
        off = 100 * (sent / asked - 1) if asked and sent else 0.0
        answers = ", ".join(f"{count} x {status or 'no answer'}" for status, count in self.statuses.items())
        times = sorted(sample.latency for sample in self.samples if sample.status)
        lines = [
            f"Load: {self.url}",
            f"  sent:    {len(self.samples)} requests at {sent:.1f}/s (asked {asked:g}/s, {off:+.2f} %)",
            f"  answers: {answers or 'none'}",
        ]
        if times:
            shown = ", ".join(f"{name} {1000 * percentile(times, share):.1f} ms" for name, share in _PERCENTILES)
            lines.append(f"  latency: {shown}, longest {1000 * times[-1]:.1f} ms")
        errors = Counter(sample.error for sample in self.samples if sample.error)
        lines += [f"  failed:  {count} x {error}" for error, count in errors.most_common(3)]
        lines += [f"  {agreement}" for agreement in self.agreements]
        return [*lines, *self._version_lines()]

    def _version_lines(self) -> list[str]:
        total, lines = sum(self.versions.values()), []
        for version, count in self.versions.items():
            low, high = wilson(count, total)
            target = self.targets.get(version)
            verdict = (
                "" if target is None else f"; target {target:.0%} is {'inside' if low <= target <= high else 'OUTSIDE'}"
            )
            lines.append(
                f"  version {version}: {count} of {total} = {count / total:.1%} (95 % sure: {low:.1%} to "
                f"{high:.1%}{verdict})"
            )
        return lines

    def _repr_html_(self) -> str:
        return f"{self.svg}<pre>{escape(str(self))}</pre>"

    def as_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        times = sorted(sample.latency for sample in self.samples if sample.status)
        total = sum(self.versions.values())
        return {
            "url": self.url, "requests": len(self.samples), "asked_rps": self.plan.rps,
            "sent_rps": round(self.rate, 3),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "latency_ms": {name: round(1000 * percentile(times, share), 3) for name, share in _PERCENTILES},
            "limits": [
                {"name": entry.limit.name, "rate": entry.limit.rate, "burst": entry.limit.burst,
                 "requests": entry.total, "agreed": entry.agreed} for entry in self.agreements
            ],
            "versions": {
                version: {"count": count, "share": count / total, "interval": list(wilson(count, total))}
                for version, count in self.versions.items()
            },
        }  # fmt: skip


_PERCENTILES = (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99))
