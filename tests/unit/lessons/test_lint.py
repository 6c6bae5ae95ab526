from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml

from k8slab.errors import LessonError
from k8slab.lessons.lint import images, remarks
from k8slab.lessons.load import find_lesson, find_lessons, load_lesson
from k8slab.lessons.model import Lesson
from k8slab.lessons.scaffold import new_lesson
from k8slab.lessons.schema import lesson_schema

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(lesson_schema())


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return new_lesson(tmp_path / "20-config")


def told(lesson: Lesson) -> list[str]:
    return [one.text for one in remarks(lesson)]


def with_step(lesson: Lesson, **changed: object) -> Lesson:
    return replace(lesson, steps=(replace(lesson.steps[0], **changed),))  # type: ignore[arg-type]


def test_a_new_lesson_has_nothing_to_remark_and_its_notebook(lesson: Lesson):
    assert told(lesson) == []
    assert lesson.notebook.exists()
    assert not list(VALIDATOR.iter_errors(yaml.safe_load((lesson.folder / "lesson.yaml").read_text())))


def test_a_new_lesson_never_overwrites(lesson: Lesson):
    with pytest.raises(LessonError, match="is not overwritten"):
        new_lesson(lesson.folder)
    with pytest.raises(LessonError, match="no name of a lesson"):
        new_lesson(lesson.folder / "x; rm")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"mistakes": ()}, "no mistakes are listed"),
        ({"checks": ()}, "nothing is checked"),
        ({"hints": ()}, "there are no hints"),
        ({"solution": ()}, "there is no solution"),
        (
            {"hints": ("kubectl create configmap settings --from-literal=colour=blue",)},
            "the first hint gives the answer away",
        ),
        ({"text": "Read [this](nowhere.md)."}, "the link nowhere.md leads nowhere"),
        ({"given": ("%kubectl apply -f manifests/none.yaml",)}, "there is no file manifests/none.yaml"),
    ],
)
def test_what_is_missing_is_remarked(lesson: Lesson, changed: dict[str, object], text: str):
    assert text in told(with_step(lesson, **changed))


def test_a_file_that_a_cell_writes_and_a_link_to_the_web_are_fine(lesson: Lesson):
    solution = ("%%writefile a.yaml\nkind: Pod", "%kubectl apply -f a.yaml")
    assert told(with_step(lesson, solution=solution, text="See [it](https://example.com/x).")) == []


def test_an_image_outside_the_catalogue_is_remarked(lesson: Lesson):
    changed = with_step(lesson, given=("%kubectl run db --image=mysql:8",))
    assert images(changed) == {"mysql:8"}
    assert [one.text for one in remarks(changed, lambda name: name != "mysql:8")] == [
        "the embedded cluster has no image mysql:8"
    ]


def test_steps_need_names_of_their_own(lesson: Lesson):
    assert "several steps have this name" in told(replace(lesson, steps=lesson.steps * 2))


@pytest.mark.parametrize("lesson", find_lessons(ROOT / "lessons"), ids=lambda one: one.name)
def test_every_shipped_lesson_fits_the_schema(lesson: Lesson):
    read = yaml.safe_load((lesson.folder / "lesson.yaml").read_text())
    assert [error.message for error in VALIDATOR.iter_errors(read)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [{"name": "a", "title": "b"}]},
        {"steps": [{"name": "a", "title": "b", "text": "c", "checks": [{"exist": {"kind": "Pod", "name": "x"}}]}]},
        {"steps": [{"name": "a", "title": "b", "text": "c", "checks": [{"exists": {"kind": "Pod"}}]}]},
        {"goal": None},
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(change: dict[str, object], tmp_path: Path):
    content = {"title": "t", "goal": "g", **change}
    (tmp_path / "lesson.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(LessonError):
        load_lesson(tmp_path)
    assert list(VALIDATOR.iter_errors(content))


def test_lessons_of_further_folders_are_found(lesson: Lesson, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K8SLAB_LESSONS", str(lesson.folder.parent))
    assert find_lesson("20").folder == lesson.folder
    assert find_lesson("00-welcome").name == "00-welcome"
