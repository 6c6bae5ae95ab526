"""Merging an applied configuration into an object, and removing what is applied no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8slab.kube.apply.sets import SELF, FieldSet, is_member, union
from k8slab.kube.apply.shapes import OBJECTS, OPEN, Shape, Shapes, element_key

_ABSENT: Any = object()


def merged(shapes: Shapes, shape: Shape, live: Any, config: Any) -> Any:
    """Return the live value with the configuration merged in (typed/merge.go)."""
    if live is None or live is _ABSENT:
        return config
    if isinstance(live, dict) and isinstance(config, dict) and shape.kind in OBJECTS:
        deeper = _member_shapes(shapes, shape)
        return {
            **live,
            **{key: merged(shapes, deeper(key), live.get(key), item) for key, item in config.items()},
        }
    if isinstance(live, list) and isinstance(config, list) and shape.kind in ("keyed", "set"):
        return _merged_list(shapes, shape, live, config)
    return config


def _member_shapes(shapes: Shapes, shape: Shape) -> Any:
    if shape.kind in ("struct", "custom"):
        fields = shapes.fields(shape)
        return lambda key: fields.get(key, OPEN)
    element = shapes.of_type(shape.element) if shape.kind == "map" else OPEN
    return lambda _key: element


def _merged_list(shapes: Shapes, shape: Shape, live: list[Any], config: list[Any]) -> list[Any]:
    """Return the elements of both lists: the configuration's order wins, others keep their places among them."""
    element = shapes.of_type(shape.element)
    left = [(element_key(shape, item), item) for item in live]
    right = {element_key(shape, item): item for item in config}
    found = {key: item for key, item in left if key in right}
    made: list[Any] = []
    order, shared = list(right), [key for key in right if key in found]
    at = 0
    for key, item in left:
        if key not in right:
            made.append(item)
        elif shared and key == shared[0]:
            # Everything that the configuration names before this element comes first.
            upto = order.index(key) + 1
            made += [merged(shapes, element, found.get(name), right[name]) for name in order[at:upto]]
            at = upto
            shared.pop(0)
    return made + [merged(shapes, element, found.get(name), right[name]) for name in order[at:]]


def without(shapes: Shapes, shape: Shape, value: Any, fields: FieldSet) -> Any:
    """Return the value without the fields of the set (typed/remove.go); None when nothing is left of it."""
    if not fields:
        return value
    if isinstance(value, dict) and shape.kind in OBJECTS:
        return _without_members(shapes, shape, value, fields)
    if isinstance(value, list) and shape.kind in ("keyed", "set"):
        return _without_elements(shapes, shape, value, fields)
    return None if isinstance(value, dict | list) else value


def _without_members(shapes: Shapes, shape: Shape, value: Mapping[str, Any], fields: FieldSet) -> Any:
    deeper, kept = _member_shapes(shapes, shape), {}
    for key, item in value.items():
        node = fields.get(f"f:{key}")
        if node is None:
            kept[key] = item
        elif not is_member(node):
            kept[key] = without(shapes, deeper(key), item, node)
    return kept or None


def _without_elements(shapes: Shapes, shape: Shape, value: list[Any], fields: FieldSet) -> Any:
    element, kept = shapes.of_type(shape.element), []
    for item in value:
        node = fields.get(element_key(shape, item) or SELF)
        if node is None:
            kept.append(item)
        elif not is_member(node):
            kept.append(without(shapes, element, item, node))
    return kept or None


def with_named(shapes: Shapes, shape: Shape, fields: FieldSet) -> FieldSet:
    """Return the set with the structs around its fields as members too (Set.EnsureNamedFieldsAreMembers)."""
    made: dict[str, Any] = {}
    deeper = _member_shapes(shapes, shape) if shape.kind in ("struct", "custom", "map") else None
    for key, node in fields.items():
        if key == SELF:
            continue
        below = deeper(key[2:]) if deeper and key.startswith("f:") else _element(shapes, shape)
        children = with_named(shapes, below, node)
        named = shape.kind in ("struct", "custom") and key[2:] in shapes.fields(shape)
        member = is_member(node) or named
        made[key] = ({SELF: {}, **children} if member else children) if children else node
    return made


def _element(shapes: Shapes, shape: Shape) -> Shape:
    return shapes.of_type(shape.element) if shape.kind in ("keyed", "set", "map") and shape.element else OPEN


def all_of(sets: list[FieldSet]) -> FieldSet:
    """Return the union of some sets."""
    found: FieldSet = {}
    for fields in sets:
        found = union(found, fields)
    return found
