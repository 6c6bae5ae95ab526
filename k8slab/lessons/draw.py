"""A series of broken clusters, drawn from a seed and repaired against the clock (pure; times are given in seconds)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Draw:
    """``order``: the steps of the series; ``at``: which of them is in hand (-1 before the first); when it ``began``."""

    seed: int
    order: tuple[str, ...]
    at: int = -1
    began: float = 0.0

    @property
    def step(self) -> str:
        """Return the name of the step in hand; empty before the first."""
        return self.order[self.at] if self.at >= 0 else ""

    @property
    def is_over(self) -> bool:
        """Tell whether all steps were drawn."""
        return self.at + 1 >= len(self.order)

    def next(self, now: float) -> Draw:
        """Return the series with its next step in hand."""
        return replace(self, at=self.at + 1, began=now)

    def note(self, now: float) -> str:
        """Return how long the step in hand took."""
        minutes, seconds = divmod(round(now - self.began), _MINUTE)
        needed = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        return f"Repaired after {needed} (number {self.at + 1} of {len(self.order)} in series {self.seed})."


def drawn(names: Sequence[str], seed: int) -> Draw:
    """Return the series of a seed: each name once. The same seed gives the same order on every machine."""
    return Draw(seed, tuple(random.Random(seed).sample(list(names), len(names))))  # noqa: S311 - a game, no secret


def alone(name: str) -> Draw:
    """Return a series of one step that somebody wants to practise."""
    return Draw(0, (name,))
