"""A new lesson that works from the first minute: ``k8slab lesson new``."""

from __future__ import annotations

import re
from pathlib import Path

from k8slab.errors import LessonError
from k8slab.lessons.load import load_lesson
from k8slab.lessons.model import Lesson
from k8slab.lessons.notebooks import learner_notebook, text_of

SCHEMA = Path(__file__).with_name("lesson.schema.json")
_NAME = re.compile(r"\d\d-[a-z0-9]+(-[a-z0-9]+)*")
_TEMPLATE = """# yaml-language-server: $schema={schema}
title: {title}
goal: Say in one sentence what the learner will have done.
introduction: |
  Tell what this is good for, in words that a beginner knows. Explain each new word where it first appears, in **bold**.
steps:
  - name: settings
    title: Keep a setting
    text: |
      Make a ConfigMap called `settings` with the key `colour` and the value `blue`. It takes less than a second.
    solution: ["%kubectl create configmap settings --from-literal=colour=blue"]
    checks:
      - field: {{kind: ConfigMap, name: settings, path: data.colour, equals: blue}}
    hints:
      - kubectl create configmap --help shows three ways to give values.
      - The option is --from-literal=KEY=VALUE.
    mistakes:
      - cells: ["%kubectl create configmap settings --from-literal=colour=bleu"]
        advice: "expected: blue"
closing: |
  Say what was learnt, and what the next lesson does with it.
cleanup: ["%kubectl delete configmap settings --ignore-not-found"]
"""


def new_lesson(folder: Path) -> Lesson:
    """Write a lesson into a new folder and return it; raises ``LessonError``, and never overwrites."""
    if not _NAME.fullmatch(folder.name):
        raise LessonError(f"{folder.name!r} is no name of a lesson.", "Two digits, a dash and words: 20-config")
    if folder.exists():
        raise LessonError(f"{folder} exists and is not overwritten.", "Choose another name, or remove it.")
    (folder / "manifests").mkdir(parents=True)
    title = folder.name.partition("-")[2].replace("-", " ").capitalize()
    (folder / "lesson.yaml").write_text(_TEMPLATE.format(schema=SCHEMA.as_uri(), title=title), encoding="utf-8")
    return build(folder)


def build(folder: Path) -> Lesson:
    """Write the notebook of a lesson from its lesson.yaml; raises ``LessonError``."""
    lesson = load_lesson(folder)
    lesson.notebook.write_text(text_of(learner_notebook(lesson)), encoding="utf-8")
    return lesson
