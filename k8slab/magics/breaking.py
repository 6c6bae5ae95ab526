"""``%lab break``: breaks the cluster as the next drawn step of the lesson says, without showing how."""

from __future__ import annotations

import random
import time
from typing import Any

from IPython.utils.capture import capture_output

from k8slab.errors import LessonError
from k8slab.lessons.draw import Draw, alone, drawn
from k8slab.lessons.model import Lesson, Step

_SEEDS = 1000


def break_cluster(shell: Any, session: Any, words: list[str]) -> str:
    """Draw the next step (``words``: a seed begins a series, a name takes that one); return what the learner reads.

    Raises ``LessonError``.
    """
    lesson: Lesson = session.open_lesson()
    if not lesson.drawn:
        raise LessonError(
            f"Lesson {lesson.name} has nothing to break.",
            "Open the one that has: %lab start --lesson 99-troubleshooting",
        )
    draw = _series(lesson, session.draw, words)
    if draw.is_over:
        raise LessonError(
            f"Series {draw.seed} is over: all {len(draw.order)} are drawn.", "Begin another: %lab break SEED"
        )
    draw = draw.next(time.monotonic())
    step = lesson.find(draw.step, 0)
    _run(shell, step)
    session.draw, session.step = Draw(draw.seed, draw.order, draw.at, time.monotonic()), lesson.steps.index(step)
    lines = [f"Ticket {draw.at + 1} of {len(draw.order)} in series {draw.seed}: {step.title}", step.text.strip()]
    return "\n".join([*lines, "The clock is running. Find the cause, repair it, then: %check"])


def _series(lesson: Lesson, present: Draw | None, words: list[str]) -> Draw:
    names = [step.name for step in lesson.steps]
    if not words:
        return present or drawn(names, random.randrange(1, _SEEDS))  # noqa: S311 - a game, no secret
    if words[0].isdecimal():
        return drawn(names, int(words[0]))
    return alone(lesson.find(words[0], 0).name)


def _run(shell: Any, step: Step) -> None:
    """Run the step's given cells; what they print would give the break away."""
    for cell in step.given:
        with capture_output():
            result = shell.run_cell(cell, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise LessonError(f"The cluster could not be broken: {error}", "Look at it: %lab status")
