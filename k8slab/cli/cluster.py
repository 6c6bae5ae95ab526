"""``k8slab cluster``: start, stop, look at and find clusters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from k8slab.client.listing import take_snapshot
from k8slab.clusters.choice import DEFAULT_NAME, choose, known_providers
from k8slab.clusters.home import home
from k8slab.clusters.kind import KindProvider
from k8slab.clusters.kind.config import parse_mirror
from k8slab.clusters.provider import Provider, Status
from k8slab.kube.resources import PODS, SERVICES
from k8slab.traffic.resolving import entry


@click.group()
def cluster() -> None:
    """Start, stop and look at a cluster: the embedded one, or with --kind a real Kubernetes in containers."""


def _named(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which cluster is meant."""
    name = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Which cluster.")
    kind = click.option("--kind", is_flag=True, help="A kind cluster (needs Docker, Podman or nerdctl, and kind).")
    return name(kind(command))


def _provider(name: str, kind: bool) -> Provider:
    return choose("kind" if kind else "embedded", name)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _show(status: Status, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(status.as_dict()))
        return
    process = f" (pid {status.pid})" if status.pid else ""
    where = f" at {status.server}{process}" if status.server else ""
    click.echo(f"{status.name} ({status.kind}): {status.state}{where}")
    if status.detail:
        click.echo(status.detail)


@cluster.command()
@_named
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
@click.option("--nodes", default=1, show_default=True, help="How many nodes (kind only).")
@click.option("--registry-mirror", "mirrors", multiple=True, metavar="[REGISTRY=]URL",
              help="Pull images from here first (kind only); may be given for several registries.")  # fmt: skip
def start(name: str, kind: bool, as_json: bool, nodes: int, mirrors: tuple[str, ...]) -> None:
    """Start the cluster; returns when its API answers."""
    if kind:
        wanted: Provider = KindProvider(name, nodes=nodes, mirrors=tuple(parse_mirror(text) for text in mirrors))
    elif nodes != 1 or mirrors:
        raise click.UsageError("--nodes and --registry-mirror go with --kind.")
    else:
        wanted = _provider(name, kind)
    _show(wanted.start(_tell), as_json)


@cluster.command()
@_named
def stop(name: str, kind: bool) -> None:
    """Stop the cluster; everything in it is kept."""
    _show(_provider(name, kind).stop(_tell), as_json=False)


@cluster.command()
@_named
@click.option("--json", "as_json", is_flag=True, help="Print the state as JSON.")
def status(name: str, kind: bool, as_json: bool) -> None:
    """Say whether the cluster runs, and where; with --json also where the ingress controller is reached."""
    provider = _provider(name, kind)
    found = provider.status()
    if as_json and found.state == "running":
        click.echo(json.dumps(found.as_dict() | {"ingress": _ingress(provider)}))
        return
    _show(found, as_json)


def _ingress(provider: Provider) -> dict[str, str]:
    """Return ``HOST:PORT`` of http and https; empty without an ingress controller."""
    snapshot = take_snapshot(provider.kubeconfig(), "default", (PODS, SERVICES))
    found = {scheme: entry(snapshot, scheme, provider.reach) for scheme in ("http", "https")}
    return {scheme: f"{place[0]}:{place[1]}" for scheme, place in found.items() if place}


@cluster.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
def list_clusters(as_json: bool) -> None:
    """List the clusters that were ever started here."""
    found = [provider.status() for provider in known_providers(home())]
    if as_json:
        click.echo(json.dumps([status.as_dict() for status in found]))
    elif not found:
        click.echo("No cluster yet. Start one with: k8slab cluster start")
    else:
        for status in found:
            _show(status, as_json=False)


@cluster.command()
@_named
def kubeconfig(name: str, kind: bool) -> None:
    """Print the path of the cluster's kubeconfig: export KUBECONFIG=$(k8slab cluster kubeconfig)."""
    click.echo(str(_provider(name, kind).kubeconfig()))


@cluster.command()
@_named
def reset(name: str, kind: bool) -> None:
    """Remove everything in the cluster and start it afresh."""
    _show(_provider(name, kind).reset(_tell), as_json=False)


@cluster.command()
@_named
def delete(name: str, kind: bool) -> None:
    """Stop the cluster and remove everything that it kept."""
    _provider(name, kind).delete(_tell)
    click.echo(f"{name}: deleted")
