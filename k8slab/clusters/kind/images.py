"""Images for rooms without network: pulled on a machine that has one, carried as a file, loaded into the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from k8slab.clusters.kind.engine import find_engine, find_kind
from k8slab.clusters.programs import follow
from k8slab.clusters.provider import Progress
from k8slab.errors import ClusterError


def pull(images: Sequence[str], progress: Progress) -> None:
    """Pull each image with the container engine; raises ``ClusterError``."""
    engine = find_engine()
    for number, image in enumerate(images, 1):
        progress(f"[{number}/{len(images)}] pulling {image}")
        follow([engine.program, "pull", image], lambda _line: None)


def save(images: Sequence[str], file: Path, progress: Progress) -> None:
    """Write the images into one archive."""
    if file.exists():
        raise ClusterError(f"{file} exists and is not overwritten.", "Name another file, or remove it.")
    progress(f"writing {len(images)} images into {file} (a minute or two)")
    follow([find_engine().program, "save", "-o", str(file), *images], progress)


def load(file: Path, cluster: str, progress: Progress) -> None:
    """Load an archive into every node of a kind cluster."""
    if not file.is_file():
        raise ClusterError(f"There is no file {file}.", f"Make one where there is a network: k8slab images save {file}")
    find_kind()
    progress(f"loading {file} into the kind cluster {cluster!r} (a minute or two)")
    follow(["kind", "load", "image-archive", str(file), "--name", cluster], progress, find_engine().environment())
