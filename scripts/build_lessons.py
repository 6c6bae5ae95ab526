#!/usr/bin/env python3
"""Write each lesson's notebooks, one per language, from its lesson.yaml; with ``--verify`` exit 1 when one differs."""

from __future__ import annotations

import sys
from pathlib import Path

from k8slab.language import LANGUAGES
from k8slab.lessons.load import find_lessons
from k8slab.lessons.notebooks import learner_notebook, text_of

FOLDER = Path(__file__).parent.parent / "lessons"


def main() -> int:
    """Write or verify."""
    stale = []
    lessons = {lesson.notebook: lesson for code in LANGUAGES for lesson in find_lessons(FOLDER, code)}
    for lesson in lessons.values():
        text = text_of(learner_notebook(lesson))
        if not lesson.notebook.exists() or lesson.notebook.read_text(encoding="utf-8") != text:
            stale.append(f"{lesson.name} ({lesson.language})")
            if "--verify" not in sys.argv[1:]:
                lesson.notebook.write_text(text, encoding="utf-8")
    if "--verify" in sys.argv[1:] and stale:
        print(f"stale notebooks: {', '.join(stale)}; run scripts/build_lessons.py")
        return 1
    print(f"{len(stale)} notebooks written" if stale else "all notebooks are as their lesson.yaml says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
