"""Paths of fields as people read them: ``.spec.containers[name="web"].image``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson


def path_text(path: Iterable[str]) -> str:
    """Return a path of a field set as structured-merge-diff writes it."""
    return "".join(element_text(element) for element in path)


def element_text(element: str) -> str:
    """Return one path element: ``.name``, ``[name="web"]``, ``[="x"]``."""
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    value = orjson.loads(text)
    if kind == "k:":
        return f"[{','.join(f'{key}={_value(value[key])}' for key in sorted(value))}]"
    return f"[={_value(value)}]"


def _value(value: Any) -> str:
    return orjson.dumps(value).decode()
