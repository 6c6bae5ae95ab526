"""Runs lessons headless, solved, on a cluster of their own that leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from k8slab.clusters.choice import choose
from k8slab.clusters.provider import Provider, silent
from k8slab.errors import ClusterError
from k8slab.lessons.kernels import OwnKernelManager
from k8slab.lessons.load import find_lesson, find_lessons
from k8slab.lessons.model import Lesson
from k8slab.lessons.notebooks import solved_notebook

_CELL_SECONDS = 120


@dataclass(frozen=True, slots=True)
class LessonResult:
    """How one lesson went; ``problem`` is the first failure in one line."""

    name: str
    passed: bool
    steps: int
    steps_passed: int
    seconds: float
    problem: str = ""


def run_lessons(names: Sequence[str], tell: Callable[[str], None], cluster: str = "embedded") -> list[LessonResult]:
    """Run the named lessons (all without names) on ``embedded``, ``kind`` or ``context:NAME``.

    ``tell`` hears each step. Only a cluster that this run created is deleted at its end. Raises ``K8slabError``.
    """
    lessons = [find_lesson(name) for name in names] if names else find_lessons()
    with own_home() as home, variable("K8SLAB_CLUSTER", cluster):
        provider = choose(cluster, root=home)
        try:
            provider.start(tell)
            return [_run_afresh(lesson, provider, tell) for lesson in lessons]
        finally:
            with contextlib.suppress(ClusterError):  # a cluster of somebody else is refused, and stays
                provider.delete(silent)


def _run_afresh(lesson: Lesson, provider: Provider, tell: Callable[[str], None]) -> LessonResult:
    result = run_lesson(lesson, tell)
    if not result.passed:
        # What a failed lesson leaves must not make the next one fail too.
        with contextlib.suppress(ClusterError):
            provider.reset(silent)
    return result


@contextlib.contextmanager
def own_home() -> Iterator[Path]:
    """Give this process and its kernels an empty home for clusters; remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="k8slab-run-"))
    try:
        with variable("K8SLAB_HOME", str(folder)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def run_lesson(lesson: Lesson, tell: Callable[[str], None]) -> LessonResult:
    """Execute the solved notebook in a fresh kernel."""
    began = time.monotonic()
    tell(f"{lesson.name}: {lesson.title}")
    passed, problem = run_notebook(solved_notebook(lesson), tell)
    complete = not problem and len(passed) == len(lesson.steps)
    if problem:
        tell(f"  ✗ {problem}")
    return LessonResult(lesson.name, complete, len(lesson.steps), len(passed), time.monotonic() - began, problem)


def run_notebook(notebook: Any, tell: Callable[[str], None], *, keep_going: bool = False) -> tuple[list[str], str]:
    """Execute a notebook in a fresh kernel; return the steps whose check passed, and the first failure in one line.

    ``keep_going``: cells after a failed one are executed too, and only an end before the last cell is a failure.
    """
    began = time.monotonic()
    passed: list[str] = []

    def executed(cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG001 - nbclient calls by keyword
        for tag in cell.get("metadata", {}).get("tags", []):
            if tag.startswith("check:") and execute_reply["content"]["status"] == "ok":
                passed.append(tag.removeprefix("check:"))
                tell(f"  ✓ {passed[-1]} ({time.monotonic() - began:.1f} s)")

    problem = _execute(notebook, executed, keep_going=keep_going)
    return passed, problem


def _execute(notebook: Any, executed: Callable[..., None], *, keep_going: bool) -> str:
    with tempfile.TemporaryDirectory(prefix="k8slab-lesson-") as folder:
        client = NotebookClient(
            notebook, timeout=_CELL_SECONDS, kernel_manager_class=OwnKernelManager,
            resources={"metadata": {"path": folder}}, on_cell_executed=executed, allow_errors=keep_going,
        )  # fmt: skip
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}".strip()
        except (CellTimeoutError, DeadKernelError) as error:
            return str(error).splitlines()[0]
    return ""
