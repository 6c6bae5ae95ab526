"""``python -m benchmarks [--check]``: the table; with ``--check`` exit 1 when a goal is missed."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from benchmarks.measurements import ROWS


def main() -> int:
    """Measure each row once and print the table."""
    table = Table("What", "Goal", "Measured", "")
    missed = 0
    for row in ROWS:
        Console(stderr=True).print(f"measuring: {row.name}", markup=False)
        measured = row.measure()
        missed += measured > row.goal
        verdict = "ok" if measured <= row.goal else "missed"
        table.add_row(row.name, f"{row.goal:g} {row.unit}", f"{measured:.3g} {row.unit}", verdict)
    Console().print(table)
    return int(missed > 0 and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
