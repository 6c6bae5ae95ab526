"""One cluster for all scenarios. They run several at a time before the first test; a test compares one of them.

``K8SLAB_PARITY_CLUSTER`` chooses it: ``embedded`` (its own process, the default), ``in-process`` (the same cluster in a
thread of the tests), or the path of a real cluster's kubeconfig.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.runner import own_home
from tests.parity.compare import Difference, compare
from tests.parity.record import run_all
from tests.parity.run import target
from tests.parity.score import Score, lines_of_report
from tests.parity.transcript import parse

JOBS = 3
_SCORE = pytest.StashKey[Score]()


@contextmanager
def _embedded() -> Iterator[Path]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        try:
            yield provider.kubeconfig()
        finally:
            provider.delete(silent)


@contextmanager
def _in_process() -> Iterator[Path]:
    from k8slab.emulator.cluster import Cluster

    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        cluster = Cluster("k8slab", Path(folder))
        try:
            asyncio.run_coroutine_threadsafe(cluster.start(), loop).result(30)
            yield Path(folder) / "kubeconfig"
        finally:
            asyncio.run_coroutine_threadsafe(cluster.stop(), loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    chosen = os.environ.get("K8SLAB_PARITY_CLUSTER", "embedded")
    if chosen not in {"embedded", "in-process"}:
        yield Path(chosen)
        return
    with _embedded() if chosen == "embedded" else _in_process() as path:
        yield path


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest, kubeconfig: Path) -> dict[str, list[Difference]]:
    """Return the differences of each selected scenario."""
    scenarios = [item.callspec.params["scenario"] for item in request.session.items if _is_scenario(item)]
    score = request.config.stash.setdefault(_SCORE, Score())
    found: dict[str, list[Difference]] = {}
    for scenario, answers in run_all(scenarios, target(kubeconfig), JOBS):
        golden = parse(scenario.golden.read_text(encoding="utf-8"))
        found[scenario.key] = compare(scenario.key, golden, answers)
        score.add(scenario.area, len(golden), len(found[scenario.key]))
    return found


def _is_scenario(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "scenario" in getattr(getattr(item, "callspec", None), "params", {})


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    score = config.stash.get(_SCORE, None)
    if score is not None:
        terminalreporter.section("parity with the recorded real cluster")
        for line in lines_of_report(score):
            terminalreporter.write_line(line)
