"""``k8slab lesson``: write, check, look at and run lessons."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from k8slab.lessons.catalogue import unknown_images
from k8slab.lessons.lint import images, remarks
from k8slab.lessons.load import find_lesson, find_lessons
from k8slab.lessons.model import Lesson
from k8slab.lessons.notebooks import learner_notebook, solved_notebook
from k8slab.lessons.scaffold import SCHEMA, build, new_lesson


@click.group()
def lesson() -> None:
    """Write, check, look at and run lessons."""


@lesson.command(name="list")
def list_lessons() -> None:
    """List the lessons of the course and of the folders in $K8SLAB_LESSONS."""
    for found in find_lessons():
        click.echo(f"{found.name}  {found.title} ({len(found.steps)} steps)")


@lesson.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a lesson that works in a new FOLDER, such as 20-config."""
    made = new_lesson(folder)
    click.echo(f"{made.folder / 'lesson.yaml'} is yours to write. Then: k8slab lesson check {folder}")


@lesson.command()
@click.argument("names", nargs=-1, metavar="[NAME|FOLDER]...")
def check(names: tuple[str, ...]) -> None:
    """Find what is missing or doubtful in lessons (all without names); the notebook of a FOLDER is written anew."""
    lessons = [_found(name) for name in names] if names else find_lessons()
    unknown = unknown_images(sorted({image for one in lessons for image in images(one)}))
    count = 0
    for one in lessons:
        for remark in remarks(one, lambda image: image not in unknown):
            count += 1
            click.echo(f"{one.name}{f' {remark.place}' if remark.place else ''}: {remark.text}\n  {remark.action}")
    click.echo(f"{len(lessons)} lessons, {count} remarks")
    sys.exit(1 if count else 0)


@lesson.command()
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--solved", is_flag=True, help="Show the solutions in place of the empty cells.")
def preview(name: str, solved: bool) -> None:
    """Show what the learner will read."""
    found = _found(name)
    notebook = solved_notebook(found) if solved else learner_notebook(found)
    console = Console()
    for cell in notebook.cells:
        code = f"```\n{cell.source or '(empty: here the learner types)'}\n```"
        console.print(Markdown(cell.source if cell.cell_type == "markdown" else code))


@lesson.command()
@click.argument("name", metavar="NAME|FOLDER")
@click.option("--cluster", default="embedded", show_default=True, metavar="embedded|kind|context:NAME",
              help="Where the lesson runs.")  # fmt: skip
def run(name: str, cluster: str) -> None:
    """Run a lesson with its solutions on a cluster of its own, and check each step."""
    from k8slab.lessons.runner import run_lessons, variable  # noqa: PLC0415 - nbclient is slow to load

    found = _found(name)
    with variable("K8SLAB_LESSONS", str(found.folder.resolve().parent)):
        result = run_lessons([found.name], lambda text: click.echo(text, err=True), cluster)[0]
    click.echo(f"{result.name}: {result.steps_passed} of {result.steps} steps passed in {result.seconds:.1f} s")
    sys.exit(0 if result.passed else 1)


@lesson.command()
def schema() -> None:
    """Print the path of the JSON schema of lesson.yaml, for editors."""
    click.echo(str(SCHEMA))


def _found(name: str) -> Lesson:
    folder = Path(name)
    if not (folder / "lesson.yaml").exists():
        return find_lesson(name)
    # The notebook follows lesson.yaml, so that what is looked at is what was written.
    return build(folder)
