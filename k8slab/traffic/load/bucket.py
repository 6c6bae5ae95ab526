"""The leaky bucket of nginx's limit_req, computed beside what nginx decided.

Source: ngx_http_limit_req_lookup of ngx_http_limit_req_module.c: milliseconds, and thousandths of a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8slab.traffic.load.samples import Sample


@dataclass(frozen=True, slots=True)
class Limit:
    """``rate`` requests per second, and ``burst`` more at once; ``status`` answers what is too much."""

    rate: float
    burst: int
    status: int = 503
    name: str = "limit-rps"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bucket says of one request: the fill before it (in requests), and whether it is let through."""

    at: float
    fill: float
    passes: bool


def verdicts(limit: Limit, times: Iterable[float]) -> list[Verdict]:
    """Return the verdicts of an empty bucket on requests at those times (seconds, in order)."""
    rate, burst = round(limit.rate * 1000), limit.burst * 1000
    excess, last, found = 0, None, []
    for at in times:
        now = round(at * 1000)
        new = 0 if last is None else max(0, excess - rate * max(0, now - last) // 1000 + 1000)
        passes = new <= burst
        found.append(Verdict(at, new / 1000, passes))
        if passes:
            excess, last = new, now
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many verdicts of nginx the computed bucket shares, and the seconds of those that it does not."""

    limit: Limit
    total: int
    agreed: int
    disagreed_at: tuple[float, ...]

    def __str__(self) -> str:
        share = 100 * self.agreed / self.total if self.total else 100.0
        text = f"The leaky bucket ({self.limit.name}: {self.limit.rate:g}/s, burst {self.limit.burst}) computed from "
        text += f"the times of sending agrees with nginx on {self.agreed} of {self.total} requests ({share:.1f} %)"
        if not self.disagreed_at:
            return f"{text}."
        shown = ", ".join(f"{at:.2f} s" for at in self.disagreed_at[:5])
        return f"{text}; it differs at {shown}: close to the edge, or the bucket was not empty at first."


def compare(limit: Limit, samples: Sequence[Sample]) -> Agreement:
    """Hold the computed bucket against the statuses that came."""
    answered = sorted((sample for sample in samples if sample.status), key=lambda sample: sample.sent)
    said = verdicts(limit, (sample.sent for sample in answered))
    wrong = [
        sample.sent
        for sample, verdict in zip(answered, said, strict=True)
        if verdict.passes == (sample.status == limit.status)
    ]
    return Agreement(limit, len(answered), len(answered) - len(wrong), tuple(wrong))
