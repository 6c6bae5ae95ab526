"""What a notebook says of its learner's steps: read from its ``%check`` cells' outputs, executing nothing (pure)."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

State = Literal["passed", "failed", "not tried"]
_TAG = "check:"
_SIGNS = {"passed": "✓", "failed": "✗", "not tried": "·"}


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of one notebook. ``detail``: the first line of a failed check."""

    learner: str
    notebook: str
    step: str
    state: State
    detail: str = ""


def results_of(notebook: Any, learner: str, name: str) -> Iterator[StepResult]:
    """Yield the result of each step that the notebook checks, in order. A broken cell is one that was not tried."""
    for cell in notebook.get("cells") or []:
        for tag in (cell.get("metadata") or {}).get("tags") or []:
            if isinstance(tag, str) and tag.startswith(_TAG):
                state, detail = _state(cell)
                yield StepResult(learner, name, tag.removeprefix(_TAG), state, detail)


def _state(cell: Any) -> tuple[State, str]:
    errors = [one for one in cell.get("outputs") or [] if one.get("output_type") == "error"]
    if errors:
        return "failed", str(errors[0].get("evalue", "")).strip().splitlines()[0] if errors[0].get("evalue") else ""
    return ("passed", "") if cell.get("execution_count") and cell.get("outputs") else ("not tried", "")


def as_json(results: Iterable[StepResult]) -> str:
    """Return a list with an object for each step."""
    return json.dumps([asdict(one) for one in results], indent=1, ensure_ascii=False)


def as_csv(results: Iterable[StepResult]) -> str:
    """Return a table with a heading. What a spreadsheet would take for a formula is kept as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(StepResult)]
    writer.writerow(names)
    for one in results:
        writer.writerow([_harmless(getattr(one, name)) for name in names])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_html(results: Sequence[StepResult]) -> str:
    """Return a page with a row for each notebook and a sign for each step; everything from notebooks is escaped."""
    rows = [
        _row(learner, name, results) for learner, name in dict.fromkeys((one.learner, one.notebook) for one in results)
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>k8slab report</title>'
        "<style>body{font-family:sans-serif}td,th{padding:.3em .8em;text-align:left}</style>"
        "<h1>Results</h1><table><thead><tr><th>Learner</th><th>Notebook</th><th>Passed</th><th>Steps</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>\n"
    )


def _row(learner: str, name: str, results: Sequence[StepResult]) -> str:
    own = [one for one in results if (one.learner, one.notebook) == (learner, name)]
    passed = sum(one.state == "passed" for one in own)
    steps = " ".join(
        f'<span title="{html.escape(one.detail or one.state)}">{_SIGNS[one.state]} {html.escape(one.step)}</span>'
        for one in own
    )
    count = f"{passed} of {len(own)}"
    return f"<tr><td>{html.escape(learner)}</td><td>{html.escape(name)}</td><td>{count}</td><td>{steps}</td></tr>"
