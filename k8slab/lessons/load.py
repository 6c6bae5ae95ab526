"""Finds and reads lessons: in a checkout from ``lessons/``, installed from the package."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from k8slab.checks.load import load_check
from k8slab.errors import LessonError
from k8slab.language import ENGLISH_CODE
from k8slab.lessons.load_questions import load_predict, load_quiz
from k8slab.lessons.model import Lesson, Mistake, Step
from k8slab.lessons.translation import in_language


def course_folder() -> Path:
    """Return the folder with all lessons."""
    package = Path(__file__).parents[1]
    installed, checkout = package / "course", package.parent / "lessons"
    return installed if installed.is_dir() else checkout


def further_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the folders of lessons that ``$K8SLAB_LESSONS`` names besides the course's own."""
    return [Path(part).expanduser() for part in environ.get("K8SLAB_LESSONS", "").split(os.pathsep) if part]


def find_lessons(folder: Path | None = None, language: str = ENGLISH_CODE) -> list[Lesson]:
    """Return all lessons of a folder (without one: of the course and ``$K8SLAB_LESSONS``); raises ``LessonError``."""
    folders = [folder] if folder else [course_folder(), *further_folders()]
    return [load_lesson(entry.parent, language) for one in folders for entry in sorted(one.glob("*/lesson.yaml"))]


def find_lesson(name: str, folder: Path | None = None, language: str = ENGLISH_CODE) -> Lesson:
    """Return a lesson by name (``01-deployments``, ``01`` or ``deployments``)."""
    lessons = find_lessons(folder, language)
    for lesson in lessons:
        if name in (lesson.name, *lesson.name.split("-", 1)):
            return lesson
    names = [lesson.name for lesson in lessons]
    near = difflib.get_close_matches(name, names, 1, 0.4)
    suggestion = f"Did you mean {near[0]}? " if near else ""
    raise LessonError(f"There is no lesson called {name!r}.", f"{suggestion}Lessons: {', '.join(names)}")


def translation_file(folder: Path, language: str) -> Path:
    """Return where the texts of a lesson in another language are."""
    return folder / f"lesson.{language}.yaml"


def read_yaml(path: Path) -> Mapping[str, Any]:
    """Read lesson.yaml or a translation as it stands; raises ``LessonError``."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise LessonError(f"{path} cannot be read: {error}", "Repair the file.") from error
    if not isinstance(read, Mapping):
        raise LessonError(f"{path}: a lesson is a mapping.", "Begin it with title: and goal:")
    return read


def load_lesson(folder: Path, language: str = ENGLISH_CODE) -> Lesson:
    """Read one lesson, in English where there is no translation; raises ``LessonError`` that names the place."""
    path = folder / "lesson.yaml"
    read = read_yaml(path)
    translation = translation_file(folder, language)
    if translation.exists():
        read = in_language(read, read_yaml(translation))
    else:
        language = ENGLISH_CODE
    return Lesson(
        name=folder.name,
        title=_need(read, "title", path),
        goal=_need(read, "goal", path),
        introduction=str(read.get("introduction", "")),
        closing=str(read.get("closing", "")),
        steps=tuple(_step(entry, f"{path}: step {number}") for number, entry in enumerate(read.get("steps") or [], 1)),
        cleanup=_cells(read.get("cleanup")),
        folder=folder,
        quiz=load_quiz(read.get("quiz"), f"{path}: quiz"),
        language=language,
        drawn=bool(read.get("drawn", False)),
    )


def _need(entry: Mapping[str, Any], name: str, where: object) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise LessonError(f"{where}: {name} is missing.", f"Add {name}: ...")
    return value


def _cells(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value.strip("\n"),) if isinstance(value, str) else tuple(str(entry).strip("\n") for entry in value)


def _step(entry: Any, where: str) -> Step:
    if not isinstance(entry, Mapping):
        raise LessonError(f"{where}: a step is a mapping.", "Begin it with name: and title:")
    mistakes = [Mistake(_cells(one.get("cells")), _need(one, "advice", where)) for one in entry.get("mistakes") or []]
    return Step(
        name=_need(entry, "name", where),
        title=_need(entry, "title", where),
        text=_need(entry, "text", where),
        checks=tuple(load_check(one, where) for one in entry.get("checks") or []),
        hints=tuple(str(one) for one in entry.get("hints") or []),
        solution=_cells(entry.get("solution")),
        mistakes=tuple(mistakes),
        deadline=float(entry.get("deadline", 10.0)),
        given=_cells(entry.get("given")),
        predict=load_predict(entry.get("predict"), where),
    )
