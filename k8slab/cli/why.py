"""``k8slab why``: where the way of a request ends, and why."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from k8slab.cli.reaching import lab_of
from k8slab.traffic.explaining import explain


@click.command()
@click.argument("url")
@click.option("-n", "--namespace", default="", help="The namespace of the sender (default: that of the context).")
@click.option("--from", "source", default="", help="Where the request starts: host, inside, or the name of a pod.")
@click.option("-X", "--request", "method", default="GET", help="The method.")
@click.option("-H", "--header", "headers", multiple=True, help="A header: 'Name: value'.")
@click.option("--body-bytes", default=0, help="Send a body of that size.")
@click.option("--name", default="", help="The embedded cluster of that name instead of the current KUBECONFIG.")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
def why(url: str, namespace: str, source: str, name: str, *, as_json: bool, **sent: Any) -> None:
    """Say where the way of a request to URL ends: the first broken hop, the evidence, the next command.

    Ends with 0 when the request arrives and nothing speaks against it, with 1 when something is broken.
    """
    lab, where = lab_of(name)
    found = explain(lab, url, source, namespace or where, **_sent(**sent))
    click.echo(json.dumps(found.as_dict(), indent=1) if as_json else found.text(""))
    sys.exit(0 if found.first is None else 1)


def _sent(method: str, headers: tuple[str, ...], body_bytes: int) -> dict[str, Any]:
    verb = "POST" if body_bytes and method == "GET" else method
    return {"method": verb, "headers": dict(_header(text) for text in headers), "body_bytes": body_bytes}


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()
