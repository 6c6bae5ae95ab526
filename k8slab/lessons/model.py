"""A lesson as lesson.yaml describes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from k8slab.checks.spec import Check
from k8slab.errors import LessonError
from k8slab.language import ENGLISH_CODE
from k8slab.lessons.questions import Predict, Question


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical wrong way: the cells, and a pattern of the advice that the check must give."""

    cells: tuple[str, ...]
    advice: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``solution`` and the cells of mistakes are notebook cells, magics and all. Times are in seconds."""

    name: str
    title: str
    text: str
    checks: tuple[Check, ...]
    hints: tuple[str, ...]
    solution: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    deadline: float = 10.0
    # Cells that are given to the learner instead of an empty one.
    given: tuple[str, ...] = ()
    # What the learner is asked to foretell.
    predict: Predict | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson in one ``language``; ``folder`` holds lesson.yaml, its translations, notebooks and manifests/."""

    name: str
    title: str
    goal: str
    introduction: str
    closing: str
    steps: tuple[Step, ...]
    cleanup: tuple[str, ...]
    folder: Path
    quiz: tuple[Question, ...] = ()
    language: str = ENGLISH_CODE
    # The steps are broken clusters, drawn one by one with %lab break.
    drawn: bool = False

    @property
    def notebook(self) -> Path:
        """Return the learner's notebook in the lesson's language."""
        middle = "" if self.language == ENGLISH_CODE else f".{self.language}"
        return self.folder / f"lesson{middle}.ipynb"

    def find(self, word: str, otherwise: int) -> Step:
        """Return the step with that number (from 1) or name; without a word the one at ``otherwise``."""
        if not word:
            return self.steps[min(otherwise, len(self.steps) - 1)]
        for number, step in enumerate(self.steps, 1):
            if word in (str(number), step.name):
                return step
        listed = ", ".join(f"{number} {step.name}" for number, step in enumerate(self.steps, 1))
        raise LessonError(f"Lesson {self.name} has no step {word!r}.", f"Its steps: {listed}")
