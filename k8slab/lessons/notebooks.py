"""Makes notebooks from a lesson: the learner's, and the solved one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat

from k8slab.lessons.model import Lesson, Step

_KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def learner_notebook(lesson: Lesson) -> Any:
    """Return the notebook with the tasks and an empty cell for each."""
    return _notebook(lesson, solved=False)


def solved_notebook(lesson: Lesson) -> Any:
    """Return the notebook with the solutions in place of the empty cells."""
    return _notebook(lesson, solved=True)


def _notebook(lesson: Lesson, *, solved: bool) -> Any:
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(f"# {lesson.title}\n\n**Goal:** {lesson.goal}\n\n{lesson.introduction}".strip()),
        v4.new_code_cell(f"%load_ext k8slab\n%lab start --lesson {lesson.name}"),
    ]
    for number, step in enumerate(lesson.steps, 1):
        cells += list(_step_cells(number, step, solved=solved))
    if lesson.closing:
        cells.append(v4.new_markdown_cell(lesson.closing))
    cells.append(v4.new_markdown_cell("## Clean up\n\nLeave the cluster as you found it."))
    cells += [v4.new_code_cell(text) for text in lesson.cleanup]
    for index, cell in enumerate(cells):
        cell["id"] = f"{lesson.name}-{index:02d}"
    return v4.new_notebook(cells=cells, metadata=_KERNEL)


def _step_cells(number: int, step: Step, *, solved: bool) -> Iterator[Any]:
    v4 = nbformat.v4
    yield v4.new_markdown_cell(f"## {number}. {step.title}\n\n{step.text}".strip())
    tags = {"tags": [f"step:{step.name}"]}
    for text in step.solution if solved else step.given or ("",):
        yield v4.new_code_cell(text, metadata=tags)
    yield v4.new_code_cell(f"%check {step.name}", metadata={"tags": [f"check:{step.name}"]})


def text_of(notebook: Any) -> str:
    """Return the file's text."""
    text: str = nbformat.writes(notebook, indent=1)
    return text if text.endswith("\n") else f"{text}\n"


def checked_steps(notebook: Any) -> list[str]:
    """Return the names of the steps that a notebook checks, in order."""
    tags = (tag for cell in notebook.get("cells") or [] for tag in (cell.get("metadata") or {}).get("tags") or [])
    return [tag.removeprefix("check:") for tag in tags if isinstance(tag, str) and tag.startswith("check:")]
