"""Keeps the graph readable: only what belongs to an app, many alike pods as one, and what the last change touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from k8slab.kube.selectors import LabelSelector
from k8slab.topology.graph import Edge, Graph, Node

COLLAPSE_FROM = 60


def selected(graph: Graph, selector: LabelSelector) -> Graph:
    """Keep the nodes whose labels match, and all that they are connected with."""
    wanted = {key for key, node in graph.nodes.items() if selector.matches(node.labels)}
    return _kept(graph, _reachable(graph, wanted, forward=True) | _reachable(graph, wanted, forward=False))


def of_app(graph: Graph, name: str) -> Graph:
    """Keep the objects of that name (Deployment, Service, Ingress ...) and all that they are connected with."""
    wanted = {key for key, node in graph.nodes.items() if node.name == name or node.labels.get("app") == name}
    return _kept(graph, _reachable(graph, wanted, forward=True) | _reachable(graph, wanted, forward=False))


def _reachable(graph: Graph, start: set[str], *, forward: bool) -> set[str]:
    found, left = set(start), list(start)
    while left:
        key = left.pop()
        for edge in graph.edges:
            here, there = (edge.source, edge.target) if forward else (edge.target, edge.source)
            if here == key and there not in found:
                found.add(there)
                left.append(there)
    return found


def _kept(graph: Graph, keys: set[str]) -> Graph:
    nodes = {key: node for key, node in graph.nodes.items() if key in keys}
    return Graph(nodes, tuple(edge for edge in graph.edges if edge.source in keys and edge.target in keys))


def collapsed(graph: Graph, most: int = COLLAPSE_FROM) -> Graph:
    """Draw pods that are alike (same sources, same state) as one node when there are more nodes than that."""
    if len(graph.nodes) <= most:
        return graph
    sources: dict[str, set[str]] = {}
    for edge in graph.edges:
        sources.setdefault(edge.target, set()).add(edge.source)
    groups: dict[tuple[str, ...], list[Node]] = {}
    for key, node in graph.nodes.items():
        if node.kind == "Pod":
            groups.setdefault((node.state, *sorted(sources.get(key, ()))), []).append(node)
    renamed = {node.key: nodes[0].key for nodes in groups.values() for node in nodes}
    return _renamed(graph, renamed, {nodes[0].key: len(nodes) for nodes in groups.values()})


def _renamed(graph: Graph, renamed: Mapping[str, str], counts: Mapping[str, int]) -> Graph:
    nodes = {key: node for key, node in graph.nodes.items() if renamed.get(key, key) == key}
    for key, count in counts.items():
        if count > 1:
            nodes[key] = replace(nodes[key], detail=f"and {count - 1} more like it")
    edges = dict.fromkeys(
        Edge(renamed.get(edge.source, edge.source), renamed.get(edge.target, edge.target), edge.broken, edge.label)
        for edge in graph.edges
    )
    return Graph(nodes, tuple(edges))


def marked(graph: Graph, before: Graph | None) -> Graph:
    """Mark what is new or changed since an earlier graph."""
    if before is None:
        return graph
    nodes = {key: replace(node, mark=_mark(before.nodes.get(key), node)) for key, node in graph.nodes.items()}
    return Graph(nodes, graph.edges)


def _mark(old: Node | None, new: Node) -> str:
    if old is None:
        return "new"
    return "changed" if (old.detail, old.state) != (new.detail, new.state) else ""
