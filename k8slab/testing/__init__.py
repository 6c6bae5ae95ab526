"""A pytest plugin for instructors: ``pytest -p k8slab.testing`` runs the checks on what a submitted notebook does.

The fixture ``k8slab_submission`` executes a notebook in a fresh kernel on a cluster of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from k8slab.testing.submissions import Submission, open_room

__all__ = ["Submission", "k8slab_submission"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says where submissions run."""
    parser.addoption(
        "--k8slab-cluster", default="embedded", help="Where submissions run: embedded, kind, or context:NAME."
    )


@pytest.fixture(scope="session")
def k8slab_submission(request: pytest.FixtureRequest) -> Iterator[Callable[[str | Path], Submission]]:
    """Return a function that executes a notebook on an empty cluster and says which steps' checks passed."""
    with open_room(str(request.config.getoption("--k8slab-cluster"))) as execute:
        yield execute
