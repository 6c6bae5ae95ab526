"""``k8slab doctor``."""

from __future__ import annotations

import dataclasses
import json
import sys

import click
from rich.console import Console
from rich.table import Table

_SIGNS = {"ok": "✓", "gap": "✗", "note": "-"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Say what this machine has, what works, and the next command for each gap; exits 1 when the lab cannot run."""
    from k8slab.doctor.examine import examine  # noqa: PLC0415 - other commands need none of it
    from k8slab.doctor.findings import findings  # noqa: PLC0415

    found = list(findings(examine()))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in found]))
    else:
        table = Table("", "What", "Found", "Next")
        for finding in found:
            table.add_row(_SIGNS[finding.state], finding.topic, finding.found, finding.action)
        Console().print(table)
    sys.exit(1 if any(finding.state == "gap" for finding in found) else 0)
