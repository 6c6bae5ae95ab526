"""The graph as a tree in plain text."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.topology.graph import Graph, Node

_MARKS = {"ready": "●", "unready": "○", "terminating": "◌", "missing": "✗", "": "·"}


def to_text(graph: Graph) -> str:
    """Return one line for each object, below what it belongs to."""
    if not graph.nodes:
        return "Nothing here yet."
    return "\n".join(line for root in graph.roots() for line in _tree(graph, root, "", "", ()))


def _tree(graph: Graph, node: Node, indent: str, reached: str, above: tuple[str, ...]) -> Iterator[str]:
    detail = f"  {node.detail}" if node.detail else ""
    state = f"  [{node.state}]" if node.state else ""
    mark = f"  ({node.mark})" if node.mark else ""
    yield f"{indent}{_MARKS[node.state]} {node.title}{detail}{state}{mark}{reached}"
    for edge in graph.children(node.key):
        if edge.target in above:
            continue
        target = graph.nodes[edge.target]
        label = f"  by {edge.label}" if edge.label else ""
        broken = f"  ✗ {edge.broken}" if edge.broken and edge.broken != target.detail else ""
        yield from _tree(graph, target, f"{indent}    ", label + broken, (*above, node.key))
