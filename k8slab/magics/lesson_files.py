"""Files that a lesson brings along: found from whatever folder the notebook runs in."""

from __future__ import annotations

from pathlib import Path

_WITH_FILE = ("-f", "--filename", "-k", "--kustomize")


def with_lesson_files(words: list[str], folder: Path) -> tuple[list[str], list[str]]:
    """Replace names of files that exist beside the lesson and not here; return the words and the names replaced.

    Only what stands behind ``-f``, ``--filename``, ``-k`` or ``--kustomize`` is a file, and only before ``--``. A name
    that leads out of the lesson's folder is left alone.
    """
    end = words.index("--") if "--" in words else len(words)
    made, replaced = list(words), []
    for index, word in enumerate(words[:end]):
        name, sign, value = word.partition("=")
        if name not in _WITH_FILE:
            continue
        if sign:
            found = _beside(value, folder)
            made[index] = f"{name}={found}" if found else word
        else:
            value = words[index + 1] if index + 1 < end else ""
            found = _beside(value, folder)
            if found:
                made[index + 1] = found
        if found:
            replaced.append(value)
    return made, replaced


def _beside(name: str, folder: Path) -> str:
    if not name or name == "-" or "://" in name or Path(name).exists():
        return ""
    path = (folder / name).resolve()
    return str(path) if path.exists() and path.is_relative_to(folder.resolve()) else ""
