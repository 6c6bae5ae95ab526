"""The graph that text, DOT and SVG are made of: nodes, edges, and what is wrong with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["", "ready", "unready", "terminating", "missing"]


@dataclass(frozen=True, slots=True)
class Node:
    """One object, or a thing that should be one (``missing``); ``mark`` says what the last change did to it."""

    key: str
    kind: str
    name: str
    detail: str = ""
    state: State = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""

    @property
    def title(self) -> str:
        """Return kind and name."""
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another; ``broken`` says why nothing gets through."""

    source: str
    target: str
    broken: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by key, and edges between them."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def children(self, key: str) -> list[Edge]:
        """Return the edges that leave a node."""
        return [edge for edge in self.edges if edge.source == key]

    def roots(self) -> list[Node]:
        """Return the nodes to which nothing leads."""
        targets = {edge.target for edge in self.edges}
        return [node for key, node in self.nodes.items() if key not in targets]

    def problems(self) -> list[str]:
        """Return the reasons of the broken edges."""
        return [f"{self.nodes[edge.source].title}: {edge.broken}" for edge in self.edges if edge.broken]


def graph_of(nodes: Iterable[Node], edges: Iterable[Edge]) -> Graph:
    """Join nodes and edges; the target of an edge that is no object becomes a missing node."""
    kept = {node.key: node for node in nodes}
    known = [edge for edge in edges if edge.source in kept]
    for edge in known:
        kind, _, name = edge.target.partition("/")
        shown = "" if kind == "nothing" else name
        kept.setdefault(
            edge.target, Node(edge.target, kind if shown else "", shown or "no pod", edge.broken, "missing")
        )
    return Graph(kept, tuple(known))
