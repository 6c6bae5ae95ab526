"""The lab in Chinese, as a learner's notebook shows it: errors stay errors, and speak the language."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from k8slab.lessons.kernels import OwnKernelManager
from k8slab.lessons.runner import own_home

pytestmark = [pytest.mark.timeout(120), pytest.mark.leaves_to_session]
CELLS = ("%load_ext k8slab", "%lab nonsense", "%check", "%predict a", "%curl 'open", "1/0", "%lab start --lang tlh")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return cells that need no cluster, executed in one Chinese kernel."""
    with own_home(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("K8SLAB_LANG", "zh-CN")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
        NotebookClient(
            notebook, timeout=60, allow_errors=True, kernel_manager_class=OwnKernelManager,
            resources={"metadata": {"path": str(tmp_path_factory.mktemp("zh"))}},
        ).execute()  # fmt: skip
        return list(notebook.cells)


def error(cell: Any) -> Any:
    found = [output for output in cell.outputs if output.output_type == "error"]
    assert len(found) == 1, f"{cell.source}: {cell.outputs}"
    return found[0]


@pytest.mark.parametrize(
    ("index", "name", "english"),
    [
        (1, "CommandError", "does not know"), (2, "LessonError", "No lesson"), (3, "LessonError", "No lesson"),
        (4, "CommandError", "quote"), (6, "CommandError", "no language"),
    ],
)  # fmt: skip
def test_an_error_fails_its_cell_in_chinese(cells: list[Any], index: int, name: str, english: str):
    shown = error(cells[index])
    assert shown.ename == name
    assert english not in shown.evalue + "".join(shown.traceback)
    assert len(shown.traceback) == 2, "two lines: what happened, and the next action"


def test_errors_of_python_stay_as_they_are(cells: list[Any]):
    assert error(cells[5]).ename == "ZeroDivisionError"
    assert "division by zero" in error(cells[5]).evalue
