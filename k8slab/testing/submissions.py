"""Executes submitted notebooks, each on an empty cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from k8slab.clusters.choice import choose
from k8slab.clusters.provider import silent
from k8slab.errors import ClusterError, LessonError
from k8slab.lessons.notebooks import checked_steps
from k8slab.lessons.runner import own_home, run_notebook, variable


@dataclass(frozen=True, slots=True)
class Submission:
    """What a notebook did: the steps that it checks, those whose check passed, and why it ended early (or nothing)."""

    steps: tuple[str, ...]
    passed: frozenset[str]
    problem: str = ""

    @property
    def score(self) -> float:
        """Return the share of passed steps, from 0 to 1."""
        return len(self.passed) / len(self.steps) if self.steps else 0.0


@contextlib.contextmanager
def open_room(cluster: str = "embedded") -> Iterator[Callable[[str | Path], Submission]]:
    """Give a function that executes notebooks on one cluster, emptied before each. Raises ``K8slabError``."""
    with own_home() as home, variable("K8SLAB_CLUSTER", cluster):
        provider = choose(cluster, root=home)
        provider.start(silent)
        used: list[str | Path] = []

        def execute(notebook: str | Path) -> Submission:
            if used:
                provider.reset(silent)
            used.append(notebook)
            return _execute(Path(notebook))

        try:
            yield execute
        finally:
            with contextlib.suppress(ClusterError):  # a cluster of somebody else is refused, and stays
                provider.delete(silent)


def _execute(path: Path) -> Submission:
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise LessonError(f"{path} is not a notebook.", "Name a file that Jupyter saved.") from error
    steps = checked_steps(notebook)
    if not steps:
        raise LessonError(
            f"{path} checks no step.", "Submit the lesson's own notebook: its cells carry the steps' names."
        )
    passed, problem = run_notebook(notebook, silent, keep_going=True)
    return Submission(tuple(steps), frozenset(passed) & frozenset(steps), problem)
