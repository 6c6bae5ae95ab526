"""Which fields a value sets, and which fields differ between two values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from k8slab.kube.apply.sets import LEAF, SELF, FieldSet, node_of
from k8slab.kube.apply.shapes import OBJECTS, OPEN, Shape, Shapes, element_key

Members = Iterator[tuple[str, Shape, Any]]
_ABSENT: Any = object()


def members(shapes: Shapes, shape: Shape, value: Any) -> Members | None:
    """Yield the path element, shape and value of each part that is owned on its own; None for a leaf."""
    if shape.kind in ("struct", "custom") and isinstance(value, dict):
        fields = shapes.fields(shape)
        return ((f"f:{key}", fields.get(key, OPEN), item) for key, item in value.items())
    if shape.kind == "map" and isinstance(value, dict):
        element = shapes.of_type(shape.element)
        return ((f"f:{key}", element, item) for key, item in value.items())
    if shape.kind == "open" and isinstance(value, dict):
        return ((f"f:{key}", OPEN, item) for key, item in value.items())
    if shape.kind in ("keyed", "set") and isinstance(value, list):
        element = shapes.of_type(shape.element)
        return ((key, element, item) for item in value if (key := element_key(shape, item)) is not None)
    return None


def field_set(shapes: Shapes, shape: Shape, config: Any) -> FieldSet:
    """Return the fields that an applied configuration sets (typed/tofieldset.go): no structs, only what is in them."""
    parts = members(shapes, shape, config)
    made: dict[str, Any] = {}
    for key, deeper, item in parts or ():
        children = field_set(shapes, deeper, item)
        node = node_of(children, member=_owned_itself(shape, deeper, item))
        if node is not None:
            made[key] = node
    return made


def _owned_itself(shape: Shape, deeper: Shape, item: Any) -> bool:
    if item is None or item == {} or shape.kind in ("map", "open", "keyed", "set"):
        return True
    return not isinstance(item, dict | list) or not _has_parts(deeper, item)


def _has_parts(shape: Shape, item: Any) -> bool:
    if isinstance(item, dict):
        return shape.kind in OBJECTS
    return shape.kind in ("keyed", "set")


def whole(shapes: Shapes, shape: Shape, value: Any) -> FieldSet:
    """Return the node of a value that came or went: its own path and all below."""
    parts = members(shapes, shape, value)
    if parts is None:
        return LEAF
    made = {key: whole(shapes, deeper, item) for key, deeper, item in parts}
    return {SELF: LEAF, **made} if made else LEAF


@dataclass(frozen=True, slots=True)
class Difference:
    """What distinguishes a new value from an old one: fields that came or changed, and fields that went."""

    changed: FieldSet
    removed: FieldSet


_SAME = Difference({}, {})


def difference_of(shapes: Shapes, shape: Shape, old: Any, new: Any) -> Difference:
    """Compare two values of one shape (typed/compare.go)."""
    if old == new:
        return _SAME
    before, after = _indexed(shapes, shape, old), _indexed(shapes, shape, new)
    if before is None or after is None:
        return Difference(LEAF, {})
    changed: dict[str, Any] = {}
    removed: dict[str, Any] = {}
    for key, (deeper, item) in after.items():
        _compare(shapes, deeper, before.get(key, (deeper, _ABSENT))[1], item, key, changed, removed)
    for key, (deeper, item) in before.items():
        if key not in after:
            removed[key] = whole(shapes, deeper, item)
    return Difference(changed, removed)


def _compare(
    shapes: Shapes, shape: Shape, old: Any, new: Any, key: str, changed: dict[str, Any], removed: dict[str, Any]
) -> None:
    if old is _ABSENT:
        changed[key] = whole(shapes, shape, new)
    elif old != new:
        if not _comparable(shape, old, new):
            changed[key] = LEAF
            return
        found = difference_of(shapes, shape, old, new)
        if found.changed:
            changed[key] = found.changed
        if found.removed:
            removed[key] = found.removed


def _comparable(shape: Shape, old: Any, new: Any) -> bool:
    values = [value for value in (old, new) if value is not None]
    return all(_has_parts(shape, value) for value in values if isinstance(value, dict | list)) and all(
        isinstance(value, dict | list) for value in values
    )


def _indexed(shapes: Shapes, shape: Shape, value: Any) -> dict[str, tuple[Shape, Any]] | None:
    """Return the parts by path element; several of one key stand together as a leaf."""
    if value is None:
        return {}
    parts = members(shapes, shape, value)
    if parts is None:
        return None
    found: dict[str, tuple[Shape, Any]] = {}
    for key, deeper, item in parts:
        found[key] = (_REPEATED, [found[key][1], item]) if key in found else (deeper, item)
    return found


# Elements that share a key are owned together (the API allows some: two ports of one number).
_REPEATED = Shape("leaf")
