"""The texts of a lesson in another language: ``lesson.zh-CN.yaml`` beside lesson.yaml (pure over what was read).

A translation has texts only, in the shape of lesson.yaml (steps by their name), and under ``sources`` a short hash of
the English text that each was made from. Structure, checks, cells and solutions are those of lesson.yaml.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Where a lesson has texts for people. A star stands for one name or number.
_PLACES = (
    "title", "goal", "introduction", "closing",
    "steps.*.title", "steps.*.text", "steps.*.hints.*",
    "steps.*.predict.question", "steps.*.predict.answers.*", "steps.*.predict.why",
    "quiz.*.question", "quiz.*.choices.*.text", "quiz.*.choices.*.feedback",
)  # fmt: skip
_IS_TEXT = re.compile("|".join(re.escape(place).replace(r"\*", r"[^.]+") for place in _PLACES))
SOURCES = "sources"


def texts_of(lesson: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts for people by their place (``steps.create.hints.0``)."""
    return {place: text for place, text in _leaves(lesson, "") if _IS_TEXT.fullmatch(place) and text.strip()}


def _leaves(node: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, _inside(place, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, _inside(place, _mark(index, value)))
    elif node is not None:
        yield place, str(node)


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _mark(index: int, entry: Any) -> str:
    """Return a step's name, else the entry's number."""
    return str(entry["name"]) if isinstance(entry, Mapping) and "name" in entry else str(index)


def in_language(lesson: Mapping[str, Any], translation: Mapping[str, Any]) -> Any:
    """Return lesson.yaml with the texts of the translation; a text that it lacks stays English."""
    return _replaced(lesson, "", texts_of(translation))


def _replaced(node: Any, place: str, texts: Mapping[str, str]) -> Any:
    if isinstance(node, Mapping):
        return {key: _replaced(value, _inside(place, str(key)), texts) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, _inside(place, _mark(index, value)), texts) for index, value in enumerate(node)]
    return texts.get(place, node)


def hash_of(text: str) -> str:
    """Return a short hash that line breaks and indentation do not change."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:8]


def sources_of(lesson: Mapping[str, Any]) -> dict[str, str]:
    """Return the hashes of the English texts by their place."""
    return {place: hash_of(text) for place, text in texts_of(lesson).items()}


def problems(lesson: Mapping[str, Any], translation: Mapping[str, Any]) -> list[str]:
    """Return what is missing, stale or left over in a translation, one line each."""
    there, wanted = texts_of(translation), sources_of(lesson)
    sources = translation.get(SOURCES) or {}
    missing = [f"{place}: no translation" for place in wanted if place not in there]
    stale = [
        f"{place}: the English text has changed"
        for place, source in wanted.items()
        if place in there and str(sources.get(place)) != source
    ]
    return missing + stale + [f"{place}: lesson.yaml has no such text" for place in there if place not in wanted]
