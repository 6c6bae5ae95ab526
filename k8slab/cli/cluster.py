"""``k8slab cluster``: start, stop, look at and find embedded clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from k8slab.client.listing import take_snapshot
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.home import home, known_clusters
from k8slab.clusters.provider import Status
from k8slab.kube.resources import PODS, SERVICES
from k8slab.traffic.resolving import entry

_DEFAULT = "k8slab"


@click.group()
def cluster() -> None:
    """Start, stop and look at the embedded cluster."""


def _named(command: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option("--name", default=_DEFAULT, show_default=True, help="Which cluster.")
    return option(command)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _show(status: Status, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(status.as_dict()))
        return
    click.echo(f"{status.name}: {status.state}" + (f" at {status.server} (pid {status.pid})" if status.pid else ""))
    if status.detail:
        click.echo(status.detail)


@cluster.command()
@_named
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def start(name: str, as_json: bool) -> None:
    """Start the cluster; returns when its API answers."""
    _show(EmbeddedProvider(name).start(_tell), as_json)


@cluster.command()
@_named
def stop(name: str) -> None:
    """Stop the cluster; everything in it is kept."""
    _show(EmbeddedProvider(name).stop(_tell), as_json=False)


@cluster.command()
@_named
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(name: str, as_json: bool) -> None:
    """Say whether the cluster runs, and where; with --json also where the ingress controller is reached."""
    provider = EmbeddedProvider(name)
    found = provider.status()
    if as_json and found.state == "running":
        click.echo(json.dumps(found.as_dict() | {"ingress": _ingress(provider)}))
        return
    _show(found, as_json)


def _ingress(provider: EmbeddedProvider) -> dict[str, str]:
    """Return ``HOST:PORT`` of http and https; empty without an ingress controller."""
    snapshot = take_snapshot(provider.kubeconfig(), "default", (PODS, SERVICES))
    found = {scheme: entry(snapshot, scheme, provider.reach) for scheme in ("http", "https")}
    return {scheme: f"{place[0]}:{place[1]}" for scheme, place in found.items() if place}


@cluster.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
def list_clusters(as_json: bool) -> None:
    """List the clusters that were ever started here."""
    found = [EmbeddedProvider(name).status() for name in known_clusters(home())]
    if as_json:
        click.echo(json.dumps([status.as_dict() for status in found]))
    elif not found:
        click.echo("No cluster yet. Start one with: k8slab cluster start")
    else:
        for status in found:
            _show(status, as_json=False)


@cluster.command()
@_named
def kubeconfig(name: str) -> None:
    """Print the path of the cluster's kubeconfig: export KUBECONFIG=$(k8slab cluster kubeconfig)."""
    click.echo(str(EmbeddedProvider(name).kubeconfig()))


@cluster.command()
@_named
def reset(name: str) -> None:
    """Remove everything in the cluster and start it afresh."""
    _show(EmbeddedProvider(name).reset(_tell), as_json=False)


@cluster.command()
@_named
def delete(name: str) -> None:
    """Stop the cluster and remove everything that it kept."""
    EmbeddedProvider(name).delete(_tell)
    click.echo(f"{name}: deleted")
