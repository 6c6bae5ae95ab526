"""The JSON schema of lesson.yaml, made of the dataclasses that it is read into."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from k8slab.checks.spec import CHECKS, Check
from k8slab.lessons.model import Lesson, Mistake, Step
from k8slab.lessons.questions import Choice, Predict, Question

_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
# What a lesson gets from its folder, not from the file.
_FROM_FOLDER = {"name", "folder", "language"}
# Cells and hints: one text, or a list of them.
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
# Without these a lesson or a step is refused (``lessons/load.py``); the others may be left out.
_NEEDED: Mapping[type[Any], list[str]] = {
    Lesson: ["title", "goal"],
    Step: ["name", "title", "text"],
    Mistake: ["advice"],
}


def schema_text() -> str:
    """Return the schema as the file's text."""
    return json.dumps(lesson_schema(), indent=1) + "\n"


def lesson_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12); what the loader refuses for its shape, the schema refuses too."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A lesson of k8slab",
        **_mapping(Lesson, skip=_FROM_FOLDER),
        "$defs": {
            "step": _mapping(Step),
            "mistake": _mapping(Mistake),
            "check": {"anyOf": [_tagged(tag, spec) for tag, spec in CHECKS.items()]},
        },
    }


def _tagged(tag: str, spec: type[Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {tag: _mapping(spec)}, "required": [tag], "additionalProperties": False}


def _mapping(spec: type[Any], skip: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    hints = typing.get_type_hints(spec)
    fields = [field for field in dataclasses.fields(spec) if field.name not in skip]
    required = _NEEDED.get(spec)
    if required is None:
        required = [field.name for field in fields if _is_required(field)]
    return {
        "type": "object",
        "description": " ".join((spec.__doc__ or "").split()),
        "properties": {field.name: _type(hints[field.name]) for field in fields},
        "required": required,
        "additionalProperties": False,
    }


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _type(hint: Any) -> dict[str, Any]:
    """Return the schema of a field's type; raises ``TypeError`` for one that lesson.yaml cannot hold."""
    named = {Step: "step", Mistake: "mistake"}.get(hint) or ("check" if hint == Check else None)
    if named:
        return {"$ref": f"#/$defs/{named}"}
    if hint is Any or hint in (Predict, Question, Choice):
        return {} if hint is Any else _mapping(hint)
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_type(one) for one in arguments]}
    if origin is tuple:
        return _array(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    raise TypeError(f"lesson.yaml has no form for {hint}")


def _array(arguments: tuple[Any, ...]) -> dict[str, Any]:
    if arguments == (str, ...):
        return _TEXTS
    if arguments[-1] is ...:
        return {"type": "array", "items": _type(arguments[0])}
    parts = [_type(one) for one in arguments]
    return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
