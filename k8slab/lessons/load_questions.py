"""Reads predictions and quizzes of lesson.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8slab.errors import LessonError
from k8slab.lessons.questions import Choice, Predict, Question, letters

_LEAST = 2


def load_predict(entry: Any, where: str) -> Predict | None:
    """Return a step's prediction, None where it has none; raises ``LessonError`` that names the place."""
    if entry is None:
        return None
    example = "predict: {question: ..., answers: [..., ...], right: a, why: ...}"
    if not isinstance(entry, Mapping) or not all(entry.get(name) for name in ("question", "answers", "right", "why")):
        raise LessonError(f"{where}: a prediction has a question, answers, the right letter and why.", example)
    answers = tuple(str(answer) for answer in entry["answers"])
    if len(answers) < _LEAST or entry["right"] not in letters(len(answers)):
        raise LessonError(f"{where}: right: {entry['right']!r} is none of {len(answers)} answers.", example)
    return Predict(str(entry["question"]), answers, str(entry["right"]), str(entry["why"]))


def load_quiz(entries: Any, where: str) -> tuple[Question, ...]:
    """Return the questions; raises ``LessonError`` that names the place."""
    return tuple(_question(entry, f"{where}: question {number}") for number, entry in enumerate(entries or [], 1))


def _question(entry: Any, where: str) -> Question:
    if not isinstance(entry, Mapping) or not entry.get("question"):
        raise LessonError(f"{where}: it has no question.", "quiz: [{question: ..., choices: [...]}]")
    choices = tuple(_choice(choice, where) for choice in entry.get("choices") or [])
    right = sum(choice.right for choice in choices)
    if len(choices) < _LEAST or right != 1:
        raise LessonError(
            f"{where}: {right} of {len(choices)} choices are right.", "Give at least two, and mark one with right: true"
        )
    return Question(str(entry["question"]), choices)


def _choice(entry: Any, where: str) -> Choice:
    if not isinstance(entry, Mapping) or not entry.get("feedback") or entry.get("text") in (None, ""):
        raise LessonError(f"{where}: each choice has a text and feedback.", "choices: [{text: ..., feedback: ...}]")
    return Choice(str(entry["text"]), str(entry["feedback"]), bool(entry.get("right", False)))
