"""Cells of custom objects: the name, then what the definition's printer columns find.

Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.ages import age
from k8slab.emulator.registry.tables.columns import NAME, Column
from k8slab.kube.custom.jsonpath import JsonPathError, find
from k8slab.kube.objects import Obj, name_of
from k8slab.kube.resources import CustomVersion

_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def columns_of(custom: CustomVersion) -> tuple[Column, ...]:
    """Return the columns of a custom kind; one that names none shows its age."""
    return (NAME, *(_column(entry) for entry in custom.columns or (_AGE,)))


def _column(entry: Any) -> Column:
    more = {"format": entry.get("format", ""), "priority": entry.get("priority", 0)}
    return Column(entry["name"], entry["type"], description=entry.get("description", ""), **more)


def custom_cells(custom: CustomVersion, obj: Obj, now: datetime) -> list[Any]:
    """Return one row."""
    return [name_of(obj), *(_cell(entry, obj, now) for entry in custom.columns or (_AGE,))]


def _cell(column: Any, obj: Obj, now: datetime) -> Any:
    try:
        found = find(obj, column["jsonPath"])
    except JsonPathError:
        return None
    if not found:
        return "<unknown>" if column["type"] == "date" else None
    kind, value = column["type"], found[0]
    if kind == "date":
        return age(value, now) if isinstance(value, str) else None
    if kind == "string":
        return ",".join(_text(entry) for entry in found)
    fitting = {"integer": (int, float), "number": (int, float), "boolean": (bool,)}[kind]
    if not isinstance(value, fitting) or (kind != "boolean" and isinstance(value, bool)):
        return None
    return int(value) if kind == "integer" else value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
