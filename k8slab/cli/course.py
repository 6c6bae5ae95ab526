"""``k8slab run`` and ``k8slab lab``: the lessons, headless and in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.choice import DEFAULT_NAME
from k8slab.clusters.home import home
from k8slab.errors import LessonError
from k8slab.lessons.terminals import jupyter_options, shell_command


@click.command()
@click.argument("lessons", nargs=-1)
@click.option("--cluster", default="embedded", show_default=True, metavar="embedded|kind|context:NAME",
              help="Where the lessons run.")  # fmt: skip
def run(lessons: tuple[str, ...], cluster: str) -> None:
    """Run lessons (all without names) with their solutions on a cluster of their own, and check each step."""
    from k8slab.lessons.runner import LessonResult, run_lessons  # noqa: PLC0415 - nbclient is slow to load

    console = Console(stderr=True)

    def told(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    results: list[LessonResult] = run_lessons(list(lessons), told, cluster)
    table = Table("Lesson", "Steps", "Passed", "Seconds", "Result")
    for result in results:
        verdict = "passed" if result.passed else f"FAILED: {result.problem}"
        table.add_row(result.name, str(result.steps), str(result.steps_passed), f"{result.seconds:.1f}", verdict)
    Console().print(table)
    if not all(result.passed for result in results):
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("k8slab-lessons"))
@click.option("--port", type=int, default=None, help="The port of JupyterLab (default: its own choice).")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--copy-only", is_flag=True, help="Make or upgrade the copy, and open nothing.")
def lab(folder: Path, port: int | None, no_browser: bool, copy_only: bool) -> None:
    """Open the lessons in JupyterLab, on a copy in FOLDER; what you wrote there is kept when lessons change."""
    from k8slab.language import chosen_language  # noqa: PLC0415
    from k8slab.lessons.copies import copy_lessons  # noqa: PLC0415 - nbformat is slow to load
    from k8slab.lessons.load import find_lessons  # noqa: PLC0415

    if not copy_only and importlib.util.find_spec("jupyterlab") is None:
        raise LessonError("JupyterLab is not installed.", "pip install 'k8slab[lab]'")
    for copied in copy_lessons(find_lessons(language=chosen_language(os.environ)), folder):
        if copied.state != "unchanged":
            click.echo(f"{copied.name}: {copied.state}", err=True)
    if copy_only:
        return
    shell = shell_command(os.environ, home() / "clusters" / DEFAULT_NAME / "kubeconfig", Path(find_kubectl()).parent)
    options = ["--no-browser"] if no_browser else []
    options += [f"--port={port}"] if port is not None else []
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}", *jupyter_options(shell), *options]
    sys.exit(subprocess.call(command))
