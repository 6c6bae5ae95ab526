"""The ``k8slab`` command."""

from __future__ import annotations

import sys
from typing import Any

import click

from k8slab import __version__
from k8slab.cli.bug_report import bug_report
from k8slab.cli.cluster import cluster
from k8slab.cli.course import lab, run
from k8slab.cli.doctor import doctor
from k8slab.cli.images import images
from k8slab.cli.lesson import lesson
from k8slab.cli.load import load
from k8slab.cli.report import report
from k8slab.cli.topology import topology
from k8slab.cli.trace import rewrite, trace
from k8slab.cli.why import why
from k8slab.errors import K8slabError

__all__ = ["main"]


class _Group(click.Group):
    """A group whose errors are two lines on standard error: what happened, what to do."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except K8slabError as error:
            click.echo(f"k8slab: {error.message}", err=True)
            if error.action:
                click.echo(error.action, err=True)
            sys.exit(1)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="k8slab")
def main() -> None:
    """Run a Kubernetes lab: real kubectl, real HTTP, every step checked."""


main.add_command(cluster)
main.add_command(run)
main.add_command(lab)
main.add_command(lesson)
main.add_command(report)
main.add_command(doctor)
main.add_command(bug_report)
main.add_command(images)
main.add_command(why)
main.add_command(trace)
main.add_command(load)
main.add_command(topology)
main.add_command(rewrite)
