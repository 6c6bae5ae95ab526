"""Which cluster a command of the terminal acts on: the named embedded one, or that of the current KUBECONFIG."""

from __future__ import annotations

import os
from pathlib import Path

import click
import yaml

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.home import home, known_clusters
from k8slab.clusters.opened import OpenedProvider
from k8slab.clusters.provider import Provider
from k8slab.errors import ClusterError
from k8slab.kube.objects import dig
from k8slab.session import LabSession


def lab_of(name: str) -> tuple[LabSession, str]:
    """Return a session on the cluster, and the namespace that its context names."""
    provider, namespace = _provider(name)
    session = LabSession(lambda line: click.echo(line, err=True), provider, namespace)
    session.require()
    return session, namespace


def _provider(name: str) -> tuple[Provider, str]:
    given = os.environ.get("KUBECONFIG", "")
    if name or not given:
        return EmbeddedProvider(name or "k8slab"), "default"
    path = Path(given.split(os.pathsep)[0])
    for known in known_clusters(home()):
        embedded = EmbeddedProvider(known)
        if (embedded.folder / "kubeconfig").resolve() == path.resolve():
            return embedded, _namespace(path)
    return OpenedProvider(path), _namespace(path)


def _namespace(path: Path) -> str:
    try:
        parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ClusterError(f"The kubeconfig {path} cannot be read: {error}.", "Look at: echo $KUBECONFIG") from error
    current = dig(parsed, "current-context", default="")
    context: dict[str, object] = next(
        (entry for entry in dig(parsed, "contexts", default=[]) if entry.get("name") == current), {}
    )
    return str(dig(context, "context", "namespace", default="default"))
