"""Brings a custom object into the shape of its schema: unknown fields go, nulls go, defaults come.

Sources: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting,objectmeta}.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_OBJECT_FIELDS = ("apiVersion", "kind", "metadata")


def prune(obj: Any, schema: Schema, path: str = "", *, top: bool = True) -> tuple[Any, list[str]]:
    """Return the value without fields that the schema does not know, and their paths in order.

    The fields of every object (``apiVersion``, ``kind``, ``metadata``) stay at the top and in embedded resources.
    """
    unknown: list[str] = []
    return _pruned(obj, schema, path, unknown, is_object=top), sorted(unknown)


def _pruned(value: Any, schema: Schema, path: str, unknown: list[str], *, is_object: bool) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        inner = items if isinstance(items, dict) else {}
        keeps = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        if keeps and not inner:
            return value
        return [
            _pruned(item, inner, f"{path}[{index}]", unknown, is_object=_embedded(inner))
            for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    return {
        key: shaped
        for key, item in value.items()
        for shaped in _member(key, item, schema, f"{path}.{key}" if path else key, unknown, is_object=is_object)
    }


def _member(key: str, item: Any, schema: Schema, path: str, unknown: list[str], *, is_object: bool) -> list[Any]:
    """Return the shaped member, or nothing when it goes."""
    if is_object and key in _OBJECT_FIELDS:
        return [item]
    known = (schema.get("properties") or {}).get(key)
    if known is None:
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            known = more
        elif more is True or schema.get("x-kubernetes-preserve-unknown-fields"):
            return [item]
        else:
            unknown.append(path)
            return []
    return [_pruned(item, known, path, unknown, is_object=_embedded(known))]


def _embedded(schema: Schema) -> bool:
    return bool(schema.get("x-kubernetes-embedded-resource"))


def default(value: Any, schema: Schema) -> None:
    """Fill in defaults, in place; a null that the schema does not allow gives way to its default or goes."""
    if isinstance(value, list):
        items = schema.get("items")
        for item in value if isinstance(items, dict) else ():
            default(item, items or {})
    elif isinstance(value, dict):
        _default_object(value, schema)


def _default_object(value: dict[str, Any], schema: Schema) -> None:
    properties = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    for key in [key for key, item in value.items() if item is None and not _nullable(properties.get(key) or more)]:
        del value[key]
    for key, known in properties.items():
        if key not in value and "default" in known:
            value[key] = copy.deepcopy(known["default"])
        if key in value:
            default(value[key], known)
    if isinstance(more, dict):
        for key in value.keys() - properties.keys():
            default(value[key], more)


def _nullable(schema: Any) -> bool:
    # Where the schema says nothing, nulls are the user's own.
    return not isinstance(schema, dict) or bool(schema.get("nullable")) or not schema
