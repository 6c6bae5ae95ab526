"""Checks from lesson.yaml: ``- ready: {kind: Deployment, name: my-dep, count: 3}``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from k8slab.checks.spec import CHECKS, Check
from k8slab.errors import LessonError


def load_check(entry: Any, where: str) -> Check:
    """Return the check of one list entry; raises ``LessonError`` that names the place and what is allowed there."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise LessonError(f"{where}: a check has one tag and its fields.", f"Tags: {', '.join(CHECKS)}")
    tag, fields = next(iter(entry.items()))
    spec = CHECKS.get(tag)
    if spec is None:
        raise LessonError(f"{where}: there is no check called {tag!r}.", f"Tags: {', '.join(CHECKS)}")
    known = {field.name: field for field in dataclasses.fields(spec)}
    unknown = sorted(set(fields or {}) - set(known))
    if unknown:
        raise LessonError(f"{where}: {tag} has no field {unknown[0]!r}.", f"Fields: {', '.join(known)}")
    missing = [name for name, field in known.items() if _required(field) and name not in (fields or {})]
    if missing:
        raise LessonError(f"{where}: {tag} needs the field {missing[0]!r}.", f"Fields: {', '.join(known)}")
    values: dict[str, Any] = {name: _frozen(value) for name, value in (fields or {}).items()}
    return spec(**values)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
