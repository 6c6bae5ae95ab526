"""``k8slab images``: what the lessons pull, for rooms without network."""

from __future__ import annotations

from pathlib import Path

import click

from k8slab.clusters.choice import DEFAULT_NAME
from k8slab.clusters.kind import images as kind_images


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _images() -> list[str]:
    from k8slab.lessons.images import images_of  # noqa: PLC0415 - only these commands read the lessons
    from k8slab.lessons.load import find_lessons  # noqa: PLC0415

    return images_of(find_lessons())


@click.group()
def images() -> None:
    """Carry the lessons' images into a room without network (kind only; the embedded cluster needs none)."""


@images.command(name="list")
def list_images() -> None:
    """Print the images that the lessons pull."""
    for image in _images():
        click.echo(image)


@images.command()
def pull() -> None:
    """Pull the images onto this machine."""
    kind_images.pull(_images(), _tell)


@images.command()
@click.argument("file", type=click.Path(path_type=Path))
def save(file: Path) -> None:
    """Write the images that were pulled into FILE."""
    kind_images.save(_images(), file, _tell)


@images.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="Which kind cluster.")
def load(file: Path, name: str) -> None:
    """Load the images of FILE into the nodes of a kind cluster."""
    kind_images.load(file, name, _tell)
