"""The rewrite tester: request paths against one rule with a rewrite-target, by the rules of the data plane."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from k8slab.routing.matching import Head, find_location, heads, normalised
from k8slab.routing.model import Location, Server
from k8slab.routing.rewriting import escaped, rewrite
from k8slab.routing.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """One request path: whether the rule takes it, what its groups captured, and what the app is asked for."""

    path: str
    matched: bool
    groups: tuple[str, ...] = ()
    upstream: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RewriteTable:
    """The rule, and a row for each request path. ``problem`` is set when nginx would refuse the expression."""

    path: str
    target: str
    rows: tuple[Row, ...]
    problem: str = ""

    def __str__(self) -> str:
        head = [f"path {self.path}   rewrite-target {self.target}"]
        if self.problem:
            return f"{head[0]}\n{self.problem}"
        cells = [("request", "matched", "groups", "the app is asked for"), *(_cells(row) for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        return "\n".join([*head, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("request", "matched", "groups", "the app is asked for"))
        rows = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:left"><code>{escape(cell)}</code></td>' for cell in _cells(row))
            + "</tr>"
            for row in self.rows
        )
        rule = f"<p>path <code>{escape(self.path)}</code> rewrite-target <code>{escape(self.target)}</code></p>"
        return f"{rule}<p>{escape(self.problem)}</p>" if self.problem else f"{rule}<table><tr>{head}</tr>{rows}</table>"

    def as_dict(self) -> dict[str, Any]:
        """Return the table for JSON."""
        rows = [
            {
                "path": row.path,
                "matched": row.matched,
                "groups": list(row.groups),
                "upstream": row.upstream,
                "note": row.note,
            }
            for row in self.rows
        ]
        return {"path": self.path, "target": self.target, "rows": rows, "problem": self.problem}


def _cells(row: Row) -> tuple[str, str, str, str]:
    groups = " ".join(f"${number}={text!r}" for number, text in enumerate(row.groups, 1))
    end = row.upstream if row.matched else row.note
    return row.path, "yes" if row.matched else "no", groups, f"{end}  ({row.note})" if row.matched and row.note else end


def rewrite_table(path: str, target: str, requests: Sequence[str]) -> RewriteTable:
    """Return what becomes of request paths at one rule of a host (its type ImplementationSpecific)."""
    try:
        re.compile(path)
    except re.error as error:
        return RewriteTable(path, target, (), f"nginx refuses this expression: {error}.")
    location = Location(path, "Prefix", None, Settings(rewrite_target=target))
    candidates = list(heads(Server("host", locations=[location])))
    return RewriteTable(path, target, tuple(_row(candidates, location, request) for request in requests))


def _row(candidates: list[Head], location: Location, request: str) -> Row:
    try:
        path = normalised(request)
    except ValueError:
        return Row(request, matched=False, note="400: nginx calls this path malformed")
    found = find_location(candidates, path)
    if found.head is None:
        return Row(request, matched=False, note="404: the default backend")
    query = request.partition("?")[2]
    if not location.rewrites:
        return Row(request, matched=True, upstream=request)
    made = rewrite(location.path, location.settings.rewrite_target, path)
    if made.redirect:
        return Row(request, matched=True, groups=made.groups, upstream=f"302 {made.redirect}")
    if not made.path:
        return Row(request, matched=True, groups=made.groups, note="500: the new path is empty")
    upstream = escaped(made.path) + (f"?{query}" if query else "")
    lost = any(text.strip("/") and text not in made.path for text in made.groups)
    return Row(request, matched=True, groups=made.groups, upstream=upstream, note="a group is lost" if lost else "")
