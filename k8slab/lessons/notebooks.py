"""Makes notebooks from a lesson: the learner's, and the solved one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8slab.language import ENGLISH_CODE, PhraseBook, phrase_book
from k8slab.lessons.draw import drawn
from k8slab.lessons.model import Lesson, Step
from k8slab.lessons.questions import lettered

_KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}

_SOLVED_SEED = 1


def learner_notebook(lesson: Lesson) -> Any:
    """Return the notebook with the tasks and an empty cell for each."""
    return _notebook(lesson, solved=False)


def solved_notebook(lesson: Lesson) -> Any:
    """Return the notebook with the solutions in place of the empty cells."""
    return _notebook(lesson, solved=True)


def _notebook(lesson: Lesson, *, solved: bool) -> Any:
    v4 = _nbformat().v4
    book = phrase_book(lesson.language)
    start = "" if lesson.language == ENGLISH_CODE else f" --lang {lesson.language}"
    goal = book.say(f"**Goal:** {lesson.goal}")
    cells = [
        v4.new_markdown_cell(f"# {lesson.title}\n\n{goal}\n\n{lesson.introduction}".strip()),
        v4.new_code_cell(f"%load_ext k8slab\n%lab start --lesson {lesson.name}{start}"),
    ]
    if lesson.drawn:
        cells += list(_drawn_cells(lesson, solved=solved))
    for number, step in enumerate(() if lesson.drawn else lesson.steps, 1):
        cells += list(_step_cells(number, step, book, solved=solved))
    if lesson.closing:
        cells.append(v4.new_markdown_cell(lesson.closing))
    cells += list(_quiz_cells(lesson, book, solved=solved))
    cells.append(v4.new_markdown_cell(book.say("## Clean up\n\nLeave the cluster as you found it.")))
    cells += [v4.new_code_cell(text) for text in lesson.cleanup]
    for index, cell in enumerate(cells):
        cell["id"] = f"{lesson.name}-{index:02d}"
    return v4.new_notebook(cells=cells, metadata=_KERNEL)


def _step_cells(number: int, step: Step, book: PhraseBook, *, solved: bool) -> Iterator[Any]:
    v4 = _nbformat().v4
    yield v4.new_markdown_cell(f"## {number}. {step.title}\n\n{step.text}".strip())
    if step.predict is not None:
        answers = "\n".join(f"- {line}" for line in lettered(step.predict.answers))
        ask = book.say(f"**Predict:** {step.predict.question.strip()}")
        add = book.say("Add the letter of your answer to the cell, and run it before you go on.")
        yield v4.new_markdown_cell(f"{ask}\n\n{answers}\n\n{add}")
        guess = step.predict.right if solved else ""
        yield v4.new_code_cell(f"%predict {step.name} {guess}", metadata={"tags": [f"predict:{step.name}"]})
    tags = {"tags": [f"step:{step.name}"]}
    for text in step.solution if solved else step.given or ("",):
        yield v4.new_code_cell(text, metadata=tags)
    yield v4.new_code_cell(f"%check {step.name}", metadata={"tags": [f"check:{step.name}"]})


def _drawn_cells(lesson: Lesson, *, solved: bool) -> Iterator[Any]:
    """Yield a cell that draws, one to repair in and one that checks, for each step; solved, series 1 is drawn."""
    v4 = _nbformat().v4
    for index, name in enumerate(drawn([step.name for step in lesson.steps], _SOLVED_SEED).order):
        yield v4.new_code_cell(f"%lab break {_SOLVED_SEED}" if solved and not index else "%lab break")
        for text in lesson.find(name, 0).solution if solved else ("",):
            yield v4.new_code_cell(text)
        yield v4.new_code_cell("%check", metadata={"tags": [f"check:{name if solved else f'ticket-{index + 1}'}"]})


def _quiz_cells(lesson: Lesson, book: PhraseBook, *, solved: bool) -> Iterator[Any]:
    if not lesson.quiz:
        return
    v4 = _nbformat().v4
    yield v4.new_markdown_cell(book.say("## Quiz\n\nRun the cell; then answer with `%quiz` and a letter."))
    lines = ["%quiz", *(f"%quiz {question.right}" for question in lesson.quiz if solved)]
    yield v4.new_code_cell("\n".join(lines), metadata={"tags": ["quiz"]})


def text_of(notebook: Any) -> str:
    """Return the file's text."""
    text: str = _nbformat().writes(notebook, indent=1)
    return text if text.endswith("\n") else f"{text}\n"


def checked_steps(notebook: Any) -> list[str]:
    """Return the names of the steps that a notebook checks, in order."""
    tags = (tag for cell in notebook.get("cells") or [] for tag in (cell.get("metadata") or {}).get("tags") or [])
    return [tag.removeprefix("check:") for tag in tags if isinstance(tag, str) and tag.startswith("check:")]


def _nbformat() -> Any:
    # It loads JSON Schema, which takes a second: commands that make no notebook shall not wait for it.
    import nbformat  # noqa: PLC0415

    return nbformat
