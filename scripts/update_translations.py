#!/usr/bin/env python3
"""Note in each translation which English texts it was made from, once a person has brought it up to date.

``update_translations.py LESSON ...`` writes the ``sources`` of their lesson.LANGUAGE.yaml; without names it writes
nothing and exits 1 when a text is missing, stale or left over.
"""

from __future__ import annotations

import sys
from pathlib import Path

from k8slab.language import ENGLISH_CODE, LANGUAGES
from k8slab.lessons.load import find_lessons, read_yaml, translation_file
from k8slab.lessons.translation import SOURCES, problems, sources_of, texts_of

FOLDER = Path(__file__).parent.parent / "lessons"


def main() -> int:
    """Write or verify."""
    names = set(sys.argv[1:])
    wrong = [
        line
        for lesson in find_lessons(FOLDER)
        for code in LANGUAGES
        if code != ENGLISH_CODE and (not names or lesson.name in names)
        for line in bring_up(lesson.folder, translation_file(lesson.folder, code), write=bool(names))
    ]
    print("\n".join(wrong) or "all translations are complete")
    return 1 if wrong else 0


def bring_up(folder: Path, path: Path, *, write: bool) -> list[str]:
    """Write the hashes of the translated texts; return what is wrong with the translation."""
    if not path.exists():
        return []
    lesson, translation = read_yaml(folder / "lesson.yaml"), read_yaml(path)
    if write:
        there = texts_of(translation)
        lines = [f"  {place}: '{source}'" for place, source in sources_of(lesson).items() if place in there]
        head = path.read_text(encoding="utf-8").partition(f"\n{SOURCES}:\n")[0].rstrip("\n")
        path.write_text(f"{head}\n{SOURCES}:\n" + "\n".join(lines) + "\n", encoding="utf-8")
        translation = read_yaml(path)
    return [f"{path.parent.name}/{path.name}: {line}" for line in problems(lesson, translation)]


if __name__ == "__main__":
    sys.exit(main())
