"""Holds an applied configuration against its type (structured-merge-diff typed/validate.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from k8slab.kube.apply.paths import element_text
from k8slab.kube.apply.shapes import OPEN, Shape, Shapes, element_key


class TypedError(ValueError):
    """The configuration does not fit its type; the text lists all mistakes."""

    def __init__(self, errors: Sequence[str]) -> None:
        listed = "\n".join(f"  {text}" for text in errors)
        super().__init__(errors[0] if len(errors) == 1 else f"errors:\n{listed}")


def check_types(shapes: Shapes, shape: Shape, config: Mapping[str, Any]) -> None:
    """Raise ``TypedError`` where the configuration does not fit."""
    errors = list(_errors(shapes, shape, config, ""))
    if errors:
        raise TypedError(errors)


def _errors(shapes: Shapes, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if value is None or shape.kind == "open":
        return
    if shape.kind == "custom":
        yield from _errors(shapes, shapes.fields(shape)["metadata"], value.get("metadata"), f"{path}.metadata")
    elif shape.kind == "struct" or (shape.kind == "leaf" and shape.type):
        yield from _struct(shapes, shape, value, path)
    elif shape.kind == "map" or (shape.kind == "leaf" and shape.scalar == "map"):
        yield from _map(shapes, shape, value, path)
    elif shape.scalar == "list":
        yield from _list(shapes, shape, value, path)
    else:
        yield from (f"{path}: {text}" for text in _SCALARS[shape.scalar](value))


def _struct(shapes: Shapes, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{go_text(value)}}}"
        return
    fields = shapes.fields(shape)
    for key in sorted(value):
        if key in fields:
            yield from _errors(shapes, fields[key], value[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}: field not declared in schema"


def _map(shapes: Shapes, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{go_text(value)}}}"
        return
    element = shapes.of_type(shape.element) if shape.element else OPEN
    for key in sorted(value):
        yield from _errors(shapes, element, value[key], f"{path}.{key}")


def _list(shapes: Shapes, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{go_text(value)}}}"
        return
    element, seen = shapes.of_type(shape.element), set()
    for index, item in enumerate(value):
        step = f"[{index}]"
        if shape.kind in ("keyed", "set"):
            key = element_key(shape, item)
            if key is None:
                yield f"{path}: element {index}: {_keyless(shape, item)}"
                return
            step = element_text(key)
            if key in seen:
                yield f"{path}: duplicate entries for key {step}"
            seen.add(key)
        yield from _errors(shapes, element, item, path + step)


def _keyless(shape: Shape, item: Any) -> str:
    if shape.kind == "set":
        kinds: Mapping[type, str] = {dict: "associative list without keys has an element that's a map type",
                 list: "not supported: associative list with lists as elements"}  # fmt: skip
        return kinds.get(type(item), "associative list without keys has an element that's an explicit null")
    if item is None:
        return "associative list with keys may not have a null element"
    if not isinstance(item, dict):
        return "associative list with keys may not have non-map elements"
    keys = " ".join(f'"{key}"' for key in shape.keys)
    return (
        f"associative list with keys has an element that omits all key fields [{keys}] "
        "(and doesn't have default values for any key fields)"
    )


def _string(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"expected string, got &value.valueUnstructured{{Value:{go_syntax(value)}}}"


def _number(value: Any) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"expected numeric (int or float), got {_go_type(value)}"


def _bool(value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"expected boolean, got &{{{go_text(value)}}}"


def _any(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        yield f"expected any scalar, got &{{{go_text(value)}}}"


def _unchecked(_value: Any) -> Iterator[str]:
    yield from ()


_SCALARS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "string": _string, "number": _number, "bool": _bool, "any": _any, "": _unchecked,
}  # fmt: skip
_GO_TYPES = ((bool, "bool"), (int, "int64"), (float, "float64"), (str, "string"), (dict, "map[string]interface {}"))


def _go_type(value: Any) -> str:
    return next((name for kind, name in _GO_TYPES if isinstance(value, kind)), "[]interface {}")


def go_text(value: Any) -> str:
    """Return a value as Go's ``%v`` prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(go_text(item) for item in value)}]"
    if value is None:
        return "<nil>"
    return str(value).lower() if isinstance(value, bool) else str(value)


def go_syntax(value: Any) -> str:
    """Return a value as Go's ``%#v`` prints it."""
    if isinstance(value, dict):
        listed = ", ".join(f'"{key}":{go_syntax(item)}' for key, item in sorted(value.items()))
        return f"map[string]interface {{}}{{{listed}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(go_syntax(item) for item in value)}}}"
    if value is None:
        return "interface {}(nil)"
    return f'"{value}"' if isinstance(value, str) else go_text(value)
