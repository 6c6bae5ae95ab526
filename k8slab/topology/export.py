"""Writes the graph to a file whose ending says the form."""

from __future__ import annotations

from pathlib import Path

from k8slab.errors import CommandError
from k8slab.topology.dot import to_dot, to_png, to_svg
from k8slab.topology.graph import Graph


def export(graph: Graph, file: str) -> str:
    """Write the file and return a sentence; raises ``CommandError`` for unknown endings."""
    path = Path(file)
    forms = {
        ".svg": lambda: to_svg(graph).encode(),
        ".dot": lambda: to_dot(graph).encode(),
        ".png": lambda: to_png(graph),
    }
    if path.suffix not in forms:
        raise CommandError(f"{file}: the ending says no form that is known.", f"Use one of: {', '.join(forms)}")
    path.write_bytes(forms[path.suffix]())
    return f"written to {path}"
