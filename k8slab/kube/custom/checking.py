"""Holds a custom object against its schema, in the words of the API server (kube-openapi/pkg/validation).

Errors come by path, those of a value before those of what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from k8slab.kube.custom.formats import fits
from k8slab.kube.status import DUPLICATE, INVALID, NOT_SUPPORTED, REQUIRED, TOO_LONG, TOO_MANY, FieldError, go_value

Schema = Mapping[str, Any]
Errors = Iterator[FieldError]


def check(value: Any, schema: Schema, path: str = "") -> Errors:
    """Yield what is wrong with a value."""
    if value is None and schema.get("nullable"):
        return
    wrong = _check_type(value, schema, path)
    if wrong is not None:
        yield wrong
        return
    yield from _check_enum(value, schema, path)
    for kind, rules in _RULES:
        if isinstance(value, kind) and not isinstance(value, bool):
            yield from rules(value, schema, path)
    yield from _check_combined(value, schema, path)


def type_name(value: Any) -> str:
    """Return the JSON schema type of a value, as errors name it."""
    if isinstance(value, bool):
        return "boolean"
    kinds = ((str, "string"), (int, "integer"), (float, "number"), (dict, "object"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _check_type(value: Any, schema: Schema, path: str) -> FieldError | None:
    found = type_name(value)
    if schema.get("x-kubernetes-int-or-string"):
        wanted: tuple[str, ...] = ("integer", "string")
    else:
        wanted = (schema["type"],) if schema.get("type") else ()
    if not wanted or found in wanted or (found == "integer" and "number" in wanted):
        return None
    if found == "number" and "integer" in wanted and float(value).is_integer():
        return None
    detail = f'{_in_body(path)} must be of type {",".join(wanted)}: "{found}"'
    return FieldError(INVALID, path or "<nil>", found, detail)


def _in_body(path: str) -> str:
    return f"{path} in body" if path else "in body"


def _check_enum(value: Any, schema: Schema, path: str) -> Errors:
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        listed = ", ".join(go_value(entry) for entry in allowed)
        yield FieldError(NOT_SUPPORTED, path, value, f"supported values: {listed}")


def _check_string(value: str, schema: Schema, path: str) -> Errors:
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    if longest is not None and len(value) > longest:
        yield FieldError(TOO_LONG, path, value, f"may not be more than {longest} bytes")
    if shortest is not None and len(value) < shortest:
        yield FieldError(INVALID, path, value, f"{_in_body(path)} should be at least {shortest} chars long")
    pattern = schema.get("pattern")
    if pattern and not re.search(go_pattern(pattern), value):
        yield FieldError(INVALID, path, value, f"{_in_body(path)} should match '{pattern}'")
    form = schema.get("format")
    if form and not fits(form, value):
        yield FieldError(INVALID, path, value, f"{_in_body(path)} must be of type {form}: {go_value(value)}")


def go_pattern(pattern: str) -> str:
    """Return a pattern of Go's RE2 as Python has it; raises ``re.error`` for one that is none."""
    return re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern.replace(r"\z", r"\Z"))


def _check_number(value: float, schema: Schema, path: str) -> Errors:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield FieldError(INVALID, path, value, f"{_in_body(path)} should be {words} {_number(most)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield FieldError(INVALID, path, value, f"{_in_body(path)} should be {words} {_number(least)}")
    if step and not float(value / step).is_integer():
        yield FieldError(INVALID, path, value, f"{_in_body(path)} should be a multiple of {_number(step)}")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _check_list(value: Sequence[Any], schema: Schema, path: str) -> Errors:
    most, least = schema.get("maxItems"), schema.get("minItems")
    if most is not None and len(value) > most:
        yield FieldError(TOO_MANY, path, len(value), _at_most(most, "items"))
    if least is not None and len(value) < least:
        yield FieldError(INVALID, path, len(value), f"{_in_body(path)} should have at least {least} items")
    items = schema.get("items")
    if isinstance(items, dict):
        for index, item in enumerate(value):
            yield from check(item, items, f"{path}[{index}]")
    yield from _check_duplicates(value, schema, path)


def _check_duplicates(value: Sequence[Any], schema: Schema, path: str) -> Errors:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    if kind not in ("map", "set"):
        return
    seen: list[Any] = []
    for index, item in enumerate(value):
        shown = {key: item[key] for key in keys if key in item} if kind == "map" and isinstance(item, dict) else item
        if shown in seen:
            yield FieldError(DUPLICATE, f"{path}[{index}]", shown)
        seen.append(shown)


def _at_most(count: int, words: str) -> str:
    return f"must have at most {count} {words if count != 1 else words[:-1]}"


def _check_object(value: Mapping[str, Any], schema: Schema, path: str) -> Errors:
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(value) > most:
        yield FieldError(TOO_MANY, path, len(value), _at_most(most, "items"))
    if least is not None and len(value) < least:
        yield FieldError(INVALID, path, len(value), f"{_in_body(path)} should have at least {least} properties")
    required = list(schema.get("required") or ())
    if schema.get("x-kubernetes-embedded-resource"):
        required += [name for name in ("apiVersion", "kind") if name not in required]
    below = [FieldError(REQUIRED, _joined(path, name)) for name in required if name not in value]
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, item in value.items():
        known = properties.get(key, more)
        below += check(item, known, _joined(path, key)) if isinstance(known, dict) else ()
    yield from sorted(below, key=lambda error: error.path)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _check_combined(value: Any, schema: Schema, path: str) -> Errors:
    subject = f'"{path}"' if path else '""'
    anything = schema.get("anyOf") or ()
    if anything and all(any(check(value, one, path)) for one in anything):
        yield FieldError(INVALID, path or "<nil>", "", f"{subject} must validate at least one schema (anyOf)")
        yield from _closest(value, anything, path)
    one_of = schema.get("oneOf") or ()
    if one_of:
        fitting = sum(not any(check(value, one, path)) for one in one_of)
        found = "Found none valid" if not fitting else f"Found {fitting} valid alternatives"
        if fitting != 1:
            detail = f"{subject} must validate one and only one schema (oneOf). {found}"
            yield FieldError(INVALID, path or "<nil>", "", detail)
            yield from _closest(value, one_of, path) if not fitting else ()
    wrong = [error for one in schema.get("allOf") or () for error in check(value, one, path)]
    if wrong:
        yield FieldError(INVALID, path or "<nil>", "", f"{subject} must validate all the schemas (allOf)")
        yield from wrong
    if schema.get("not") is not None and not any(check(value, schema["not"], path)):
        yield FieldError(INVALID, path or "<nil>", "", f"{subject} must not validate the schema (not)")


def _closest(value: Any, schemas: Sequence[Schema], path: str) -> Errors:
    """Yield the errors of the alternative that fits best (the first of those with the fewest)."""
    yield from min(([*check(value, one, path)] for one in schemas), key=len)


_RULES: tuple[tuple[Any, Callable[[Any, Schema, str], Errors]], ...] = (
    (str, _check_string),
    (int | float, _check_number),
    (list, _check_list),
    (dict, _check_object),
)
