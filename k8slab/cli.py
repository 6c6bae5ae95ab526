"""The ``k8slab`` command."""

from __future__ import annotations

import click

from k8slab import __version__


@click.group()
@click.version_option(__version__, prog_name="k8slab")
def main() -> None:
    """Run a Kubernetes lab: real kubectl, real HTTP, every step checked."""
