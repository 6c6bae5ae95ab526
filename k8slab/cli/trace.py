"""``k8slab trace`` and ``k8slab rewrite``: the hops of a real request, and what a rewrite makes of paths."""

from __future__ import annotations

import json

import click

from k8slab.cli.reaching import lab_of
from k8slab.diagnose.rewrite_table import rewrite_table
from k8slab.traffic.tracing import trace as trace_request


@click.command()
@click.argument("url")
@click.option("-n", "--namespace", default="", help="The namespace of the sender (default: that of the context).")
@click.option("--from", "source", default="", help="Where the request starts: host, inside, or the name of a pod.")
@click.option("--name", default="", help="The embedded cluster of that name instead of the current KUBECONFIG.")
@click.option("--json", "as_json", is_flag=True, help="Print the trace as JSON.")
def trace(url: str, namespace: str, source: str, name: str, *, as_json: bool) -> None:
    """Send one real request to URL and show each hop: as the objects declare it, and as the request showed it."""
    lab, where = lab_of(name)
    found = trace_request(lab, url, source, namespace or where)
    click.echo(json.dumps(found.as_dict(), indent=1) if as_json else str(found))


@click.command()
@click.argument("path")
@click.argument("target")
@click.argument("requests", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def rewrite(path: str, target: str, requests: tuple[str, ...], *, as_json: bool) -> None:
    """Show what rewrite-target TARGET makes of request paths at an Ingress path PATH (a regular expression)."""
    found = rewrite_table(path, target, requests)
    click.echo(json.dumps(found.as_dict(), indent=1) if as_json else str(found))
