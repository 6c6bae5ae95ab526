"""One embedded cluster for all lesson tests; each lesson runs in an IPython shell of its own, in process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from k8slab.clusters.choice import choose
from k8slab.clusters.provider import Provider, silent
from k8slab.errors import ClusterError
from k8slab.lessons.runner import own_home


@pytest.fixture(scope="module")
def cluster(cluster_kind: str) -> Iterator[Provider]:
    with own_home() as home:
        provider = choose(cluster_kind, root=home)
        provider.start(silent)
        yield provider
        with contextlib.suppress(ClusterError):  # one that was there before stays
            provider.delete(silent)


class Cells:
    """Runs cells as the notebook does; the error of a failing cell is returned, not raised."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._last: BaseException | None = None

    def errors(self) -> str:
        """Return what the last failed cell said."""
        return str(self._last or "")

    def run(self, *cells: str) -> BaseException | None:
        for cell in cells:
            result = self._shell.run_cell(cell, store_history=False, silent=True)
            if result.error_before_exec or result.error_in_exec:
                self._last = result.error_before_exec or result.error_in_exec
                return self._last
        return None


@pytest.fixture(scope="module")
def cells(cluster: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    assert cluster.status().state == "running"
    before = os.environ.get("IPYTHONDIR")
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    shell = _quiet_shell()
    shell.run_cell("%load_ext k8slab", silent=True)
    yield Cells(shell)
    import atexit

    atexit.unregister(shell.atexit_operations)
    shell.run_cell("%unload_ext k8slab", silent=True)
    _end(shell)
    if before is None:
        del os.environ["IPYTHONDIR"]
    else:
        os.environ["IPYTHONDIR"] = before


def _quiet_shell() -> Any:
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    return InteractiveShell(config=config)


def _end(shell: Any) -> None:
    with contextlib.suppress(Exception):
        shell.history_manager.end_session()
