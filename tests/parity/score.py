"""How many command lines are answered as the real cluster answers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Score:
    """``areas`` maps an area to (command lines, lines that differ)."""

    areas: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, area: str, total: int, differing: int) -> None:
        """Count one scenario."""
        before = self.areas.get(area, (0, 0))
        self.areas[area] = (before[0] + total, before[1] + differing)

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """Yield (area, equal lines, all lines), the sum last."""
        for area, (total, differing) in sorted(self.areas.items()):
            yield area, total - differing, total
        totals = [sum(pair[at] for pair in self.areas.values()) for at in (0, 1)]
        yield "all", totals[0] - totals[1], totals[0]


def lines_of_report(score: Score) -> Iterator[str]:
    """Yield one text line an area."""
    for area, equal, total in score.rows():
        yield f"{area:<12} {equal:>4} of {total:>4} command lines equal ({100 * equal // max(total, 1)} %)"
