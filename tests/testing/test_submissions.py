"""The pytest plugin for instructors, as an instructor's own pytest runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from k8slab.lessons.load import find_lesson
from k8slab.lessons.notebooks import learner_notebook, solved_notebook

SUBMISSIONS = """
import pytest
from k8slab.errors import LessonError


def test_solved(k8slab_submission):
    result = k8slab_submission("solved.ipynb")
    assert set(result.steps) == result.passed, result
    assert result.score == 1


def test_half(k8slab_submission):
    result = k8slab_submission("half.ipynb")
    assert "namespace" in result.passed
    assert "note" not in result.passed
    assert 0 < result.score < 1


def test_other(k8slab_submission):
    with pytest.raises(LessonError, match="checks no step"):
        k8slab_submission("other.ipynb")
"""


@pytest.mark.cluster
@pytest.mark.timeout(300)
def test_submissions_are_executed_and_judged(tmp_path: Path):
    lesson = find_lesson("00-welcome")
    half = learner_notebook(lesson)
    empty = next(cell for cell in half.cells if "step:namespace" in cell.metadata.get("tags", []))
    empty.source = "%kubectl create namespace hello"
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    for name, notebook in (("solved", solved_notebook(lesson)), ("half", half), ("other", other)):
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    (tmp_path / "test_submission.py").write_text(SUBMISSIONS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "k8slab.testing", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
