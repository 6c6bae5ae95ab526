"""Every broken cluster: the check fails and the diagnosis names the cause, the solution passes, nothing is left."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from k8slab.lessons.load import find_lesson
from k8slab.lessons.model import Step

LESSON = find_lesson("99-troubleshooting", Path(__file__).parents[2] / "lessons")
# Long enough for a crash, a probe and a pull to show what they are.
SECONDS = 6.0

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.leaves_to_session]


def session_of(cells: Any) -> Any:
    return cells._shell.magics_manager.registry["LabMagics"].session


@pytest.fixture(scope="module")
def lab(cells: Any) -> Any:
    assert cells.run(f"%lab start --lesson {LESSON.name}") is None
    return cells


def take_up(lab: Any, seconds: float | None = None) -> None:
    """Take up the lesson, with short deadlines for what is meant to fail."""
    steps = tuple(dataclasses.replace(step, deadline=seconds or step.deadline) for step in LESSON.steps)
    session_of(lab).lesson = dataclasses.replace(LESSON, steps=steps)


@pytest.mark.parametrize("step", LESSON.steps, ids=lambda step: step.name)
def test_a_break_fails_with_its_cause_and_its_solution_repairs_it(lab: Any, step: Step):
    take_up(lab, SECONDS)
    assert lab.run(f"%lab break {step.name}") is None
    error = lab.run("%check")
    assert error is not None, f"{step.name} is not broken"
    cause = re.search(r"Likely cause: (.*)", str(error))
    assert cause, f"{step.name}: no cause in\n{error}"
    assert re.search(step.mistakes[0].advice, cause[1]), f"{step.name}: another cause: {cause[1]}"
    take_up(lab)
    assert lab.run(*step.solution) is None
    report = session_of(lab).check_step(session_of(lab).current())
    assert report.passed, f"{step.name}: {report}"
    assert re.search(r"Repaired after .* \(number 1 of 1 ", str(report))
    assert lab.run(f"%kubectl delete -f breaks/{step.name}.yaml --ignore-not-found") is None


def test_a_series_draws_each_once_and_then_says_so(lab: Any):
    take_up(lab)
    session = session_of(lab)
    session.lesson = dataclasses.replace(
        LESSON, steps=tuple(dataclasses.replace(step, given=()) for step in LESSON.steps[:3])
    )
    session.draw = None
    drawn = []
    for line in ("%lab break 7", "%lab break", "%lab break"):
        assert lab.run(line) is None
        drawn.append(session.current().name)
    assert sorted(drawn) == sorted(step.name for step in LESSON.steps[:3])
    assert "Series 7 is over" in str(lab.run("%lab break"))
    assert lab.run(*LESSON.cleanup) is None


def test_breaks_are_complete():
    assert len(LESSON.steps) == 10
    for step in LESSON.steps:
        assert step.given == (f"%kubectl apply -f breaks/{step.name}.yaml",)
        assert (LESSON.folder / "breaks" / f"{step.name}.yaml").exists()
        assert len(step.hints) == 3
        assert f"%kubectl delete -f breaks/{step.name}.yaml --ignore-not-found" in LESSON.cleanup
