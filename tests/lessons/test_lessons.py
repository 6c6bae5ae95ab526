"""Every step of every lesson: its cells run as they are fail, mistakes fail with their advice, solutions pass, nothing is left."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from k8slab.checks.run import find_mismatches, resources_of
from k8slab.checks.spec import Http, Log
from k8slab.lessons.load import find_lessons
from k8slab.lessons.model import Lesson, Step

ROOT = Path(__file__).parents[2]
# The broken clusters of a drawn lesson stand alone: tests/lessons/test_breaks.py.
LESSONS = [lesson for lesson in find_lessons(ROOT / "lessons") if not lesson.drawn]
# A mistake is meant to stay wrong; its check need not wait as long as a learner's.
SECONDS = 2.0
# These steps only look around: nothing to do means nothing to fail.
LOOKING = {
    ("00-welcome", "look"), ("02-clusterip", "name"), ("03-nodeport", "reach"), ("03-nodeport", "inside"),
    ("04-ingress-nginx", "alive"), ("09-headless", "one"), ("12-looking-inside", "token"),
}  # fmt: skip

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900), pytest.mark.leaves_to_session]


def session_of(cells: Any) -> Any:
    return cells._shell.magics_manager.registry["LabMagics"].session


def shortened(cells: Any, lesson: Lesson) -> None:
    """Take up the lesson with short deadlines."""
    session = session_of(cells)
    session.lesson = dataclasses.replace(
        lesson, steps=tuple(dataclasses.replace(step, deadline=SECONDS) for step in lesson.steps)
    )


def objects(cells: Any, *, only_namespaces: bool = False) -> set[str]:
    from k8slab.kube.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS, SERVICES

    session = session_of(cells)
    picture = session.snapshot("default")
    found = {
        f"{resource.kind}/{obj['metadata']['name']}"
        for resource in (CONFIG_MAPS, DEPLOYMENTS, PODS, REPLICA_SETS, SERVICES)
        for obj in picture.list(resource)
    }
    if only_namespaces:
        found = set()
    return found | {f"Namespace/{obj['metadata']['name']}" for obj in picture.everywhere(NAMESPACES)}


def settle(cells: Any, wanted: set[str]) -> set[str]:
    """Wait until only the wanted objects are there."""
    session = session_of(cells)
    for _ in range(100):
        found = objects(cells)
        if found - wanted <= {"Namespace/k8slab-system"}:
            break
        session.wait_for_change(None, 0.5)
    return found - wanted - {"Namespace/k8slab-system"}


def try_mistakes(cells: Any, lesson: Lesson, step: Step, earlier: list[Step]) -> None:
    for mistake in step.mistakes:
        shortened(cells, lesson)
        failed = cells.run(*mistake.cells)
        error = failed or cells.run(f"%check {step.name}")
        told = str(error or "") + (cells.errors() if failed else "")
        assert error is not None, f"{lesson.name} {step.name}: this mistake passes: {mistake.cells}"
        assert re.search(mistake.advice, told), f"{lesson.name} {step.name}: no advice {mistake.advice!r} in:\n{told}"
        start_over(cells, lesson, earlier)
        cells.run(*step.given)


def start_over(cells: Any, lesson: Lesson, earlier: list[Step]) -> None:
    """Bring the cluster to the state that the earlier steps leave."""
    session = session_of(cells)
    if session.provider.kind == "embedded":
        assert cells.run("%lab reset") is None
    else:  # a cluster that takes a minute to come back is cleaned up instead
        before = objects(cells, only_namespaces=True)
        cells.run(*lesson.cleanup)
        settle(cells, before)
    session.lesson = objects_only(lesson)
    for step in earlier:
        assert cells.run(*step.solution) is None
        assert cells.run(f"%check {step.name}") is None
    session.lesson = lesson


def objects_only(lesson: Lesson) -> Lesson:
    """Return the lesson with the checks that ask nobody: on the way to a step, states count."""
    steps = (
        dataclasses.replace(step, checks=tuple(check for check in step.checks if not isinstance(check, Http | Log)))
        for step in lesson.steps
    )
    return dataclasses.replace(lesson, steps=tuple(steps))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_holds_what_it_promises(cells: Any, lesson: Lesson):
    assert cells.run(f"%lab start --lesson {lesson.name}") is None
    session_of(cells).lesson = lesson
    before = objects(cells)
    for index, step in enumerate(lesson.steps):
        session = session_of(cells)
        cells.run(*step.given)
        if (lesson.name, step.name) not in LOOKING:
            wrong = find_mismatches(
                step.checks, session.snapshot("default", resources_of(step.checks)), session, "default"
            )
            assert wrong, f"{lesson.name} {step.name} passes untouched"
        try_mistakes(cells, lesson, step, list(lesson.steps[:index]))
        session.lesson = lesson
        # What the step gives has run already; to create a thing twice is an error.
        assert cells.run(*(cell for cell in step.solution if cell not in step.given)) is None
        assert cells.run(f"%check {step.name}") is None
    assert cells.run(*lesson.cleanup) is None
    assert settle(cells, before) == set()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_step_is_complete(lesson: Lesson):
    assert 5 <= len(lesson.steps) <= 10
    for step in lesson.steps:
        assert step.checks, f"{step.name} is not checked"
        assert step.hints, f"{step.name} has no hints"
        assert step.solution, f"{step.name} has no solution"
        assert step.mistakes, f"{step.name} knows no mistake"
        first = step.hints[0]
        assert all(first not in text for text in step.solution), f"{step.name} gives the answer away at once"


def test_notebooks_are_what_their_yaml_says():
    script = ROOT / "scripts" / "build_lessons.py"
    done = subprocess.run([sys.executable, str(script), "--verify"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
