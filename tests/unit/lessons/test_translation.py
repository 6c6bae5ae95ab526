from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from k8slab.language import LANGUAGES
from k8slab.lessons.load import find_lessons, load_lesson, read_yaml, translation_file
from k8slab.lessons.notebooks import learner_notebook, solved_notebook
from k8slab.lessons.translation import SOURCES, hash_of, in_language, problems, sources_of

COURSE = Path(__file__).parents[3] / "lessons"
LESSON: dict[str, Any] = {
    "title": "A",
    "goal": "B",
    "steps": [
        {
            "name": "one", "title": "One", "text": "Text", "hints": ["x", "y"], "solution": ["%kubectl get pods"],
            "checks": [{"exists": {"kind": "Pod", "name": "title"}}], "mistakes": [{"cells": ["z"], "advice": "w"}],
            "predict": {"question": "Q", "answers": [1, "two"], "right": "b", "why": "Y"},
        }
    ],
    "quiz": [{"question": "q", "choices": [{"text": "t", "feedback": "f", "right": True}, {"text": "u", "feedback": "g"}]}],
    "cleanup": ["%kubectl delete pod a"],
}  # fmt: skip
CHINESE: dict[str, Any] = {
    "title": "甲",
    "goal": "乙",
    "steps": {
        "one": {
            "title": "一", "text": "文", "hints": ["子", "丑"],
            "predict": {"question": "问", "answers": ["一", "二"], "why": "因"},
        }
    },
    "quiz": [{"question": "问", "choices": [{"text": "文", "feedback": "对"}, {"text": "字", "feedback": "错"}]}],
}  # fmt: skip


def with_sources(translation: dict[str, Any]) -> dict[str, Any]:
    return {**translation, SOURCES: sources_of(LESSON)}


def test_texts_are_replaced_and_nothing_else():
    made = in_language(LESSON, CHINESE)
    step = made["steps"][0]
    assert (made["title"], step["title"], step["hints"]) == ("甲", "一", ["子", "丑"])
    assert step["predict"] == {"question": "问", "answers": ["一", "二"], "right": "b", "why": "因"}
    for kept in ("name", "solution", "checks", "mistakes"):
        assert step[kept] == LESSON["steps"][0][kept]
    assert made["cleanup"] == LESSON["cleanup"]
    assert made["quiz"][0]["choices"][0] == {"text": "文", "feedback": "对", "right": True}


def test_a_translation_cannot_change_what_is_run_or_checked():
    evil = {"cleanup": ["rm"], "steps": {"one": {"solution": ["rm"], "predict": {"right": "a"}, "name": "two"}}}
    assert in_language(LESSON, evil) == LESSON
    assert len([line for line in problems(LESSON, evil) if "no such text" in line]) == 0


def test_a_complete_translation_has_no_problems():
    assert problems(LESSON, with_sources(CHINESE)) == []


def test_a_missing_a_stale_and_a_needless_text_are_named():
    translation = with_sources({**CHINESE, "goal": "", "closing": "完"})
    changed = {**LESSON, "title": "Another"}
    assert problems(changed, translation) == [
        "goal: no translation",
        "title: the English text has changed",
        "closing: lesson.yaml has no such text",
    ]


def test_line_breaks_do_not_make_a_text_stale():
    assert hash_of("a  b\n c\n") == hash_of("a b c") != hash_of("a b d")


def test_without_a_translation_a_lesson_is_english(tmp_path: Path):
    (tmp_path / "lesson.yaml").write_text(yaml.safe_dump(LESSON), encoding="utf-8")
    lesson = load_lesson(tmp_path, "zh-CN")
    assert (lesson.title, lesson.language, lesson.notebook.name) == ("A", "en", "lesson.ipynb")


def test_a_notebook_is_made_in_the_language_with_the_same_cells(tmp_path: Path):
    (tmp_path / "lesson.yaml").write_text(yaml.safe_dump(LESSON), encoding="utf-8")
    english = solved_notebook(load_lesson(tmp_path))
    translation_file(tmp_path, "zh-CN").write_text(yaml.safe_dump(CHINESE), encoding="utf-8")
    lesson = load_lesson(tmp_path, "zh-CN")
    assert lesson.notebook.name == "lesson.zh-CN.ipynb"
    chinese = solved_notebook(lesson)

    def code(notebook: Any) -> list[str]:
        return [cell.source for cell in notebook.cells if cell.cell_type == "code"]

    assert code(chinese)[0] == f"{code(english)[0]} --lang zh-CN"
    assert code(chinese)[1:] == code(english)[1:]
    assert "%predict one b" in code(english)
    assert "%quiz\n%quiz a" in code(english)
    prose = "\n".join(cell.source for cell in chinese.cells if cell.cell_type == "markdown")
    assert not any(word in prose for word in ("Goal", "Predict", "Clean up", "Quiz"))


def test_a_learners_notebook_does_not_give_answers_away(tmp_path: Path):
    (tmp_path / "lesson.yaml").write_text(yaml.safe_dump(LESSON), encoding="utf-8")
    cells = [cell.source for cell in learner_notebook(load_lesson(tmp_path)).cells]
    assert "%predict one " in cells
    assert "%quiz" in cells


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in COURSE.glob("*/lesson.yaml")), ids=lambda path: path.name
)
def test_the_course_is_translated_and_up_to_date(folder: Path, language: str):
    path = translation_file(folder, language)
    if not path.exists():
        pytest.skip("not translated yet")
    assert problems(read_yaml(folder / "lesson.yaml"), read_yaml(path)) == []


def test_the_beginning_of_the_course_is_translated():
    translated = {one.name[:2] for one in find_lessons(COURSE, "zh-CN") if one.language == "zh-CN"}
    assert translated >= {"00", "01", "02", "03", "04", "05", "06", "07", "08", "99"}
