"""``k8slab run`` and ``k8slab lab``: the lessons, headless and in JupyterLab."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from k8slab.errors import LessonError


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
def lab(folder: Path, port: int | None, no_browser: bool) -> None:
    """Open the lessons in JupyterLab, on a copy in FOLDER; what is there is never overwritten."""
    from k8slab.lessons.load import find_lessons  # noqa: PLC0415

    if importlib.util.find_spec("jupyterlab") is None:
        raise LessonError("JupyterLab is not installed.", "pip install 'k8slab[lab]'")
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in find_lessons():
        target = folder / f"{lesson.name}.ipynb"
        if not target.exists():
            shutil.copyfile(lesson.notebook, target)
    options = ["--no-browser"] if no_browser else []
    options += [f"--port={port}"] if port is not None else []
    sys.exit(subprocess.call([sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}", *options]))
