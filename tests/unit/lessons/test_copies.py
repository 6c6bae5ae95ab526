from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from traitlets import Dict
from traitlets.config import Application

from k8slab.errors import LessonError
from k8slab.lessons.copies import copy_lessons, merge
from k8slab.lessons.load import find_lesson
from k8slab.lessons.model import Lesson
from k8slab.lessons.terminals import jupyter_options, shell_command

ROOT = Path(__file__).parents[3]


def cell(name: str, text: str) -> dict[str, str]:
    return {"id": name, "source": text}


def texts(cells: list[dict[str, str]]) -> list[str]:
    return [one["source"] for one in cells]


BASE = [cell("a", "prose"), cell("b", ""), cell("c", "%check one")]


def test_new_prose_comes_in_and_a_changed_cell_stays():
    mine = [BASE[0], cell("b", "%kubectl get pods"), BASE[2]]
    new = [cell("a", "better prose"), cell("b", ""), BASE[2], cell("d", "more")]
    assert texts(merge(BASE, mine, new)) == ["better prose", "%kubectl get pods", "%check one", "more"]


def test_prose_that_the_learner_changed_stays():
    mine = [cell("a", "prose, and my note"), *BASE[1:]]
    assert texts(merge(BASE, mine, [cell("a", "better prose"), *BASE[1:]]))[0] == "prose, and my note"


def test_cells_that_the_learner_added_stay_where_they_stood():
    mine = [cell("0", "first"), BASE[0], BASE[1], cell("x", "mine"), cell("y", "mine too"), BASE[2]]
    new = [BASE[0], BASE[1], cell("n", "new"), BASE[2]]
    assert texts(merge(BASE, mine, new)) == ["first", "prose", "", "mine", "mine too", "new", "%check one"]


def test_a_cell_that_the_lesson_dropped_goes_unless_it_was_written_into():
    new = [BASE[0]]
    assert texts(merge(BASE, BASE, new)) == ["prose"]
    assert texts(merge(BASE, [BASE[0], cell("b", "work"), BASE[2]], new)) == ["prose", "work"]


def test_without_a_record_everything_of_the_learner_stays():
    mine = [cell("a", "old prose"), cell("b", "work")]
    assert texts(merge([], mine, [cell("a", "new prose"), cell("b", ""), cell("c", "more")])) == [
        "old prose",
        "work",
        "more",
    ]


def test_outputs_stay_where_the_text_is_the_same():
    mine = [{**BASE[0], "outputs": "shown"}, *BASE[1:]]
    assert merge(BASE, mine, BASE)[0]["outputs"] == "shown"


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    source = find_lesson("04", ROOT / "lessons")
    folder = tmp_path / "shipped" / source.name
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / "a.yaml").write_text("shipped")
    (folder / "lesson.ipynb").write_text(source.notebook.read_text())
    return replace(source, folder=folder)


def edit(path: Path, index: int, text: str) -> str:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[index].source = text
    nbformat.write(notebook, path)
    return str(notebook.cells[index]["id"])


def test_a_copy_is_made_kept_and_upgraded(lesson: Lesson, tmp_path: Path):
    folder = tmp_path / "mine"
    copy, manifest = folder / f"{lesson.name}.ipynb", folder / lesson.name / "manifests" / "a.yaml"
    assert [one.state for one in copy_lessons([lesson], folder)] == ["new"]
    assert copy.read_text() == lesson.notebook.read_text()
    assert manifest.read_text() == "shipped"
    manifest.write_text("my manifest")
    empty = next(
        i for i, one in enumerate(nbformat.read(copy, as_version=4).cells) if one.cell_type == "code" and not one.source
    )
    edit(copy, empty, "%kubectl get my-work")
    written = copy.read_bytes()
    assert [one.state for one in copy_lessons([lesson], folder)] == ["unchanged"]
    assert copy.read_bytes() == written
    edit(lesson.notebook, 0, "# A better title")
    assert [one.state for one in copy_lessons([lesson], folder)] == ["upgraded"]
    sources = [one.source for one in nbformat.read(copy, as_version=4).cells]
    assert sources[0] == "# A better title"
    assert "%kubectl get my-work" in sources
    assert manifest.read_text() == "my manifest"
    assert [one.state for one in copy_lessons([lesson], folder)] == ["unchanged"]


def test_a_damaged_notebook_is_left_alone(lesson: Lesson, tmp_path: Path):
    folder = tmp_path / "mine"
    copy_lessons([lesson], folder)
    (folder / f"{lesson.name}.ipynb").write_text("{ my broken notebook")
    edit(lesson.notebook, 0, "# New")
    assert [one.state for one in copy_lessons([lesson], folder)] == ["kept"]
    assert (folder / f"{lesson.name}.ipynb").read_text() == "{ my broken notebook"


def test_a_folder_that_cannot_be_written_is_said_with_the_next_action(lesson: Lesson, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LessonError, match="cannot be copied") as caught:
        copy_lessons([lesson], tmp_path / "file" / "below")
    assert "k8slab lab FOLDER" in caught.value.action


def test_terminals_find_kubectl_and_the_cluster():
    environ = {"PATH": "/usr/bin:/opt/lab", "SHELL": "/bin/zsh"}
    words = shell_command(environ, Path("/data/kube config"), Path("/opt/lab"))
    assert words == ["/usr/bin/env", "KUBECONFIG=/data/kube config", "PATH=/opt/lab:/usr/bin", "/bin/zsh"]
    assert shell_command({}, Path("/k"), Path("/p"))[-1] == "/bin/sh"


class ServerApp(Application):  # type: ignore[misc]
    """Takes the option as JupyterLab's server does (jupyter_server declares it so)."""

    terminado_settings = Dict().tag(config=True)


def test_jupyter_takes_the_option_as_a_list_of_words():
    words = ["/usr/bin/env", "KUBECONFIG=/a b/it's=d", "/bin/sh"]
    server = ServerApp()
    server.parse_command_line(jupyter_options(words))
    # jupyter_server_terminals/app.py: a text is split with shlex.
    assert shlex.split(server.terminado_settings["shell_command"]) == words
