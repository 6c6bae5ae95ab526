"""A learner's copy of the lessons: made, and later brought up to date without losing a word of the learner's.

Beside the copy a record says what was shipped (``.k8slab/NAME.ipynb``). A cell of the learner's whose text is still
the shipped one follows the new lesson; a changed one stays as it is; cells that the learner added stay behind the cell
they stood behind. Cells are known by their ids.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from k8slab.errors import LessonError
from k8slab.lessons.model import Lesson

RECORD = ".k8slab"


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of one lesson: ``new``, ``unchanged``, ``upgraded`` or ``kept`` (it cannot be merged)."""

    name: str
    state: str


def copy_lessons(lessons: Iterable[Lesson], folder: Path) -> list[Copied]:
    """Copy lessons and their files into the folder, or bring its copies up to date; raises ``LessonError``."""
    try:
        (folder / RECORD).mkdir(parents=True, exist_ok=True)
        return [_copy(lesson, folder) for lesson in lessons]
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LessonError(
            f"The lessons cannot be copied to {folder}: {reason}.", "Name another folder: k8slab lab FOLDER"
        ) from error


def _copy(lesson: Lesson, folder: Path) -> Copied:
    target, record = folder / f"{lesson.name}.ipynb", folder / RECORD / f"{lesson.name}.ipynb"
    _copy_files(lesson, folder)
    shipped = lesson.notebook.read_text(encoding="utf-8")
    if not target.exists():
        target.write_text(shipped, encoding="utf-8")
        state = "new"
    elif record.exists() and record.read_text(encoding="utf-8") == shipped:
        return Copied(lesson.name, "unchanged")
    else:
        state = _upgrade(target, record, shipped)
    if state != "kept":
        record.write_text(shipped, encoding="utf-8")
    return Copied(lesson.name, state)


def _copy_files(lesson: Lesson, folder: Path) -> None:
    """Copy the lesson's manifests to look at; a file that is there already stays."""
    for source in sorted((lesson.folder / "manifests").rglob("*")):
        target = folder / lesson.name / source.relative_to(lesson.folder)
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _upgrade(target: Path, record: Path, shipped: str) -> str:
    """Merge the new lesson into the learner's notebook; a notebook without ids or a record is left alone."""
    try:
        mine = nbformat.read(target, as_version=4)
        base = nbformat.read(record, as_version=4) if record.exists() else None
    except (ValueError, nbformat.ValidationError):
        return "kept"
    new = nbformat.reads(shipped, as_version=4)
    # Without a record (a copy of an older version) every cell of the learner's counts as changed.
    cells = merge(base.cells if base else [], mine.cells, new.cells)
    if cells == list(mine.cells):
        return "unchanged"
    mine.cells = cells
    temporary = target.with_name(f".{target.name}.new")
    nbformat.write(mine, temporary)
    temporary.replace(target)
    return "upgraded"


def merge(base: list[Any], mine: list[Any], new: list[Any]) -> list[Any]:
    """Return the new lesson's cells with the learner's changes (pure). ``base``: what was shipped to the learner."""
    shipped, own = _by_id(base), _by_id(mine)
    merged = [_chosen(shipped.get(cell["id"]), own.get(cell["id"]), cell) for cell in new]
    coming = {cell["id"] for cell in new}
    extra: dict[str, list[Any]] = {}
    before = ""
    for cell in mine:
        if cell.get("id") in coming:
            before = cell["id"]
        elif _is_mine(shipped.get(cell.get("id")), cell):
            extra.setdefault(before, []).append(cell)
    placed = list(extra.get("", []))
    for cell in merged:
        placed += [cell, *extra.get(cell["id"], [])]
    return placed


def _by_id(cells: list[Any]) -> Mapping[str, Any]:
    return {cell["id"]: cell for cell in cells if "id" in cell}


def _is_mine(shipped: Any, cell: Any) -> bool:
    """Tell whether a cell that the new lesson lacks is the learner's: added, or written into."""
    return bool(cell["source"].strip()) and (shipped is None or shipped["source"] != cell["source"])


def _chosen(shipped: Any, own: Any, new: Any) -> Any:
    """Return the learner's cell where it was changed or its text is the new one's (its outputs stay), else the new."""
    if own is None:
        return new
    untouched = shipped is not None and shipped["source"] == own["source"]
    return new if untouched and new["source"] != own["source"] else own
