"""Sets of fields in the form of ``fieldsV1``: nested dicts whose keys are path elements.

Keys are ``f:name`` for a field, ``k:{...}`` for an element of a list with keys, ``v:value`` for an element of a set. A
node says that its own path is in the set by being empty or by the key ``.``. Sets are never changed, only made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# A mapping from path elements to deeper sets.
FieldSet = Mapping[str, Any]
SELF = "."
LEAF: FieldSet = {}


def is_member(node: FieldSet) -> bool:
    """Tell whether the path of the node is in the set."""
    return not node or SELF in node


def node_of(children: FieldSet, *, member: bool) -> FieldSet | None:
    """Return the node with these children; None when there is nothing in it."""
    if not children:
        return LEAF if member else None
    return {SELF: LEAF, **children} if member else children


def children_of(node: FieldSet) -> FieldSet:
    """Return what lies below the node's own path."""
    return {key: child for key, child in node.items() if key != SELF} if SELF in node else node


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the paths of either set."""
    if not left or not right:
        return left or right
    merged = dict(left)
    for key, node in right.items():
        if key == SELF:
            continue
        merged[key] = _joined(merged[key], node) if key in merged else node
    return merged


def _joined(left: FieldSet, right: FieldSet) -> FieldSet:
    children = union(children_of(left), children_of(right))
    return node_of(children, member=is_member(left) or is_member(right)) or LEAF


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the paths of the left set that are not in the right one."""
    kept: dict[str, Any] = {}
    for key, node in left.items():
        if key == SELF:
            continue
        other = right.get(key)
        made = node if other is None else _subtracted(node, other)
        if made is not None:
            kept[key] = made
    return kept


def _subtracted(node: FieldSet, other: FieldSet) -> FieldSet | None:
    return node_of(difference(node, other), member=is_member(node) and not is_member(other))


def recursive_difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the left set without the paths of the right one and everything below them."""
    kept: dict[str, Any] = {}
    for key, node in left.items():
        other = right.get(key)
        if key == SELF or (other is not None and is_member(other)):
            continue
        deeper = None if other is None else recursive_difference(node, other)
        made = node if deeper is None else node_of(deeper, member=is_member(node))
        if made is not None:
            kept[key] = made
    return kept


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the paths that are in both sets."""
    kept: dict[str, Any] = {}
    for key, node in left.items():
        other = right.get(key)
        if key == SELF or other is None:
            continue
        made = node_of(intersection(node, other), member=is_member(node) and is_member(other))
        if made is not None:
            kept[key] = made
    return kept


def paths(fields: FieldSet, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the set: those of a level before those below it."""
    keys = sorted(key for key in fields if key != SELF)
    for key in keys:
        if is_member(fields[key]):
            yield (*prefix, key)
    for key in keys:
        yield from paths(children_of(fields[key]), (*prefix, key))


def has(fields: FieldSet, path: tuple[str, ...]) -> bool:
    """Tell whether the path is in the set."""
    node: FieldSet | None = fields
    for step in path:
        node = node.get(step) if node else None
        if node is None:
            return False
    return node is not None and is_member(node)
