"""Whether a definition's schema is structural (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from k8slab.kube.custom.checking import check, go_pattern
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError

Errors = Iterator[FieldError]
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LIST_TYPES = ("atomic", "map", "set")
_PLACES = {"root": "at the root", "item": "for specified array items", "field": "for specified object fields"}


def check_schema(schema: Mapping[str, Any], path: str, level: str = "root") -> Errors:
    """Yield what keeps a schema from being structural; ``level`` is ``root``, ``item`` or ``field``."""
    yield from _check_type(schema, path, level)
    yield from _check_list(schema, path)
    yield from _check_rules(schema, path)
    if schema.get("properties") and schema.get("additionalProperties"):
        yield FieldError(
            FORBIDDEN, f"{path}.additionalProperties", detail="additionalProperties and properties are mutual exclusive"
        )
    for name, inner in sorted((schema.get("properties") or {}).items()):
        yield from check_schema(inner, f"{path}.properties[{name}]", "field")
    more, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(more, dict):
        yield from check_schema(more, f"{path}.additionalProperties", "field")
    if isinstance(items, dict):
        yield from check_schema(items, f"{path}.items", "item")


def _check_type(schema: Mapping[str, Any], path: str, level: str) -> Errors:
    kind = schema.get("type") or ""
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not kind and (level == "root" or not free):
        yield FieldError(REQUIRED, f"{path}.type", detail=f"must not be empty {_PLACES[level]}")
    elif kind and kind not in _TYPES:
        listed = ", ".join(f'"{name}"' for name in _TYPES)
        yield FieldError(NOT_SUPPORTED, f"{path}.type", kind, f"supported values: {listed}")
    elif level == "root" and kind != "object":
        yield FieldError(INVALID, f"{path}.type", kind, "must be object at the root")
    if schema.get("x-kubernetes-embedded-resource") and kind != "object":
        text = "must be object if x-kubernetes-embedded-resource is true"
        yield FieldError(INVALID if kind else REQUIRED, f"{path}.type", kind or None, text)


def _check_list(schema: Mapping[str, Any], path: str) -> Errors:
    items, kind = schema.get("items"), schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys")
    if schema.get("type") == "array" and not items:
        yield FieldError(REQUIRED, f"{path}.items", detail="must be specified")
    if isinstance(items, list):
        yield FieldError(FORBIDDEN, f"{path}.items", detail="items must be a schema object and not an array")
    if kind and kind not in _LIST_TYPES:
        yield FieldError(
            NOT_SUPPORTED, f"{path}.x-kubernetes-list-type", kind, 'supported values: "atomic", "map", "set"'
        )
    if kind == "map" and not keys:
        text = "must not be empty if x-kubernetes-list-type is map"
        yield FieldError(REQUIRED, f"{path}.x-kubernetes-list-map-keys", detail=text)
    if not isinstance(items, dict):
        return
    for index, key in enumerate(keys or ()):
        known = (items.get("properties") or {}).get(key)
        where = f"{path}.x-kubernetes-list-map-keys[{index}]"
        if known is None:
            yield FieldError(INVALID, where, key, "entries must all be names of item properties")
        elif "default" not in known and key not in (items.get("required") or ()):
            text = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield FieldError(REQUIRED, f"{path}.items.properties[{key}].default", detail=text)


def _check_rules(schema: Mapping[str, Any], path: str) -> Errors:
    if schema.get("uniqueItems"):
        text = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield FieldError(FORBIDDEN, f"{path}.uniqueItems", detail=text)
    if schema.get("$ref"):
        yield FieldError(FORBIDDEN, f"{path}.$ref", detail="$ref is not supported")
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        field = f"{path}.x-kubernetes-preserve-unknown-fields"
        yield FieldError(INVALID, field, False, "must be true or undefined")
    if schema.get("pattern"):
        try:
            re.compile(go_pattern(schema["pattern"]))
        except re.error as problem:
            text = f"must be a valid regular expression, but isn't: error parsing regexp: {problem}"
            yield FieldError(INVALID, f"{path}.pattern", schema["pattern"], text)
    if "default" in schema:
        yield from check(schema["default"], schema, f"{path}.default")
