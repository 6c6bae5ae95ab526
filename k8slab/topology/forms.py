"""One question for a graph: which namespace's, of which app or labels, in which form."""

from __future__ import annotations

from k8slab.kube.selectors import parse_label_selector
from k8slab.snapshot import Snapshot
from k8slab.topology.build import build_graph
from k8slab.topology.graph import Graph
from k8slab.topology.selection import collapsed, marked, of_app, selected


def asked_graph(snapshot: Snapshot, labels: str = "", app: str = "", before: Snapshot | None = None) -> Graph:
    """Return the graph that was asked for; raises ``SelectorError``. ``before`` marks what changed since."""
    graph = build_graph(snapshot)
    if before is not None:
        graph = marked(graph, build_graph(before))
    if labels:
        graph = selected(graph, parse_label_selector(labels))
    if app:
        graph = of_app(graph, app)
    return collapsed(graph)
