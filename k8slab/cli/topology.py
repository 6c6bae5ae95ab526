"""``k8slab topology``: the objects of a namespace and how they hang together."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from k8slab.cli.reaching import lab_of
from k8slab.topology.dot import to_dot, to_png, to_svg
from k8slab.topology.forms import asked_graph
from k8slab.topology.text import to_text


@click.command()
@click.option("-n", "--namespace", default="", help="The namespace (default: that of the context).")
@click.option("-l", "--selector", default="", help="Only what has these labels, and what it is connected with.")
@click.option("--app", default="", help="Only the objects of that name, and what they are connected with.")
@click.option("--format", "form", type=click.Choice(["text", "svg", "dot", "png"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None, help="Write to this file.")
@click.option("--name", default="", help="The embedded cluster of that name instead of the current KUBECONFIG.")
def topology(namespace: str, selector: str, app: str, form: str, output: Path | None, name: str) -> None:
    """Draw hosts, Ingresses, Services, endpoints, pods and their owners, with the links that are broken."""
    lab, where = lab_of(name)
    graph = asked_graph(lab.full_snapshot(namespace or where), selector, app)
    data = to_png(graph) if form == "png" else {"text": to_text, "svg": to_svg, "dot": to_dot}[form](graph).encode()
    if output:
        output.write_bytes(data)
    else:
        sys.stdout.buffer.write(data + (b"" if form == "png" else b"\n"))
