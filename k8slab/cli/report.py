"""``k8slab report``: which steps notebooks passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from k8slab.errors import LessonError
from k8slab.lessons.results import StepResult, as_csv, as_html, as_json, results_of

_FORMS: Mapping[str, Callable[[Sequence[StepResult]], str]] = {"json": as_json, "csv": as_csv, "html": as_html}


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="NOTEBOOK|FOLDER...", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", *_FORMS]), default="table", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write into this file instead of showing.")
def report(places: tuple[Path, ...], form: str, output: Path | None) -> None:
    """Tell which steps were passed, from what %check said in notebooks; nothing is executed.

    In a FOLDER all notebooks below it are read; the folder that holds a notebook is taken as the learner's name.
    """
    results = [one for path in _notebooks(places) for one in _read(path)]
    if form == "table" and output is None:
        Console().print(_table(results))
        return
    text = _FORMS["csv" if form == "table" else form](results)
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"{len(results)} steps written to {output}", err=True)


def _notebooks(places: Sequence[Path]) -> list[Path]:
    found = []
    for place in places:
        if not place.exists():
            raise LessonError(f"There is no file {place}.", "Name a notebook, or a folder with notebooks.")
        inside = [path for path in sorted(place.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
        found += inside if place.is_dir() else [place]
    return found


def _read(path: Path) -> list[StepResult]:
    import nbformat  # noqa: PLC0415 - slow to load

    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LessonError(f"{path} is not a notebook: {reason}", "Leave it out.") from error
    return list(results_of(notebook, path.resolve().parent.name, path.stem))


def _table(results: Sequence[StepResult]) -> Table:
    table = Table("Learner", "Notebook", "Step", "State", "Why")
    for one in results:
        table.add_row(one.learner, one.notebook, one.step, one.state, one.detail)
    return table
