"""The graph as a tree in plain text."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.topology.graph import Edge, Graph, Node

_MARKS = {"ready": "●", "unready": "○", "terminating": "◌", "missing": "✗", "": "·"}


def to_text(graph: Graph) -> str:
    """Return one line for each object, below what it belongs to."""
    if not graph.nodes:
        return "Nothing here yet."
    return "\n".join(line for root in graph.roots() for line in _tree(graph, root, "", ""))


def _tree(graph: Graph, node: Node, indent: str, broken: str) -> Iterator[str]:
    detail = f"  {node.detail}" if node.detail else ""
    state = f"  [{node.state}]" if node.state else ""
    reason = f"  ({broken})" if broken and broken != node.detail else ""
    label = f"{node.kind} {node.name}".strip()
    yield f"{indent}{_MARKS[node.state]} {label}{detail}{state}{reason}"
    edges: list[Edge] = graph.children(node.key)
    for edge in edges:
        yield from _tree(graph, graph.nodes[edge.target], f"{indent}    ", edge.broken)
