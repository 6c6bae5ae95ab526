"""Strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch), driven by the schema's merge keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from k8slab.kube.patch.errors import PatchError
from k8slab.kube.schema import Field, Schema

_DIRECTIVE = "$patch"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"


def strategic_merge_patch(
    schema: Schema, api_version: str, kind: str, document: Mapping[str, Any], patch: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the document with the patch merged in by the kind's merge keys; raises ``PatchError``."""
    type_name = schema.kind(api_version, kind)
    if type_name is None:
        raise PatchError(f'no kind "{kind}" is registered for version "{api_version}"')
    return _Merger(schema).merge(type_name, document, patch)


class _Merger:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def merge(self, type_name: str, document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the merged object; an empty one where the patch deletes it."""
        directive = patch.get(_DIRECTIVE)
        if directive == "delete":
            return {}
        if directive == "replace":
            return dict(_plain(patch))
        if directive not in (None, "merge"):
            raise PatchError(f"unknown patch type: {directive} in map: {_go_map(dict(patch))}")
        merged = dict(document)
        if _RETAIN in patch:
            merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
        for key, value in patch.items():
            if not key.startswith("$"):
                self._member(merged, self._field(type_name, key), key, value, patch)
        self._directives(type_name, merged, patch)
        return merged

    def _field(self, type_name: str, key: str) -> Field | None:
        return self._schema.fields(type_name).get(key) if self._schema.has(type_name) else None

    def _member(
        self, merged: dict[str, Any], field: Field | None, key: str, value: Any, patch: Mapping[str, Any]
    ) -> None:
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key, {}), dict):
            merged[key] = self.merge(_object_type(field), merged.get(key, {}), value)
        elif isinstance(value, list) and field is not None and "merge" in field.strategies:
            merged[key] = self._list(field, merged.get(key) or [], value, patch.get(_ORDER + key))
        else:
            merged[key] = _plain(value)

    def _directives(self, type_name: str, merged: dict[str, Any], patch: Mapping[str, Any]) -> None:
        for directive, value in patch.items():
            if directive.startswith(_DELETE):
                key = directive.removeprefix(_DELETE)
                merged[key] = [item for item in merged.get(key) or [] if item not in value]
            elif directive.startswith(_ORDER):
                key = directive.removeprefix(_ORDER)
                field = self._field(type_name, key)
                if key not in patch and field is not None and key in merged:
                    merged[key] = _ordered(field, merged[key], merged[key], value)

    def _list(self, field: Field, present: list[Any], changes: list[Any], order: Any) -> list[Any]:
        if not field.merge_key:
            merged = present + [item for item in dict.fromkeys(changes) if item not in present]
        else:
            merged = self._keyed(field, present, changes)
        # Without a wanted order, the order of the patch is it.
        return _ordered(field, present, merged, order or changes)

    def _keyed(self, field: Field, present: list[Any], changes: list[Any]) -> list[Any]:
        if any(change.get(_DIRECTIVE) == "replace" for change in changes if isinstance(change, dict)):
            return [_plain(change) for change in changes if change.get(_DIRECTIVE) != "replace"]
        if any(not isinstance(change, dict) for change in changes) and present:
            raise PatchError(f"list element types are not identical: [{_go_map(present)} {_go_map(changes)}]")
        merged = list(present)
        for change in changes:
            self._one(field, merged, change)
        return merged

    def _one(self, field: Field, merged: list[Any], change: Any) -> None:
        key = field.merge_key
        if not isinstance(change, dict) or key not in change:
            raise PatchError(f"map: {_go_map(change)} does not contain declared merge key: {key}")
        places = [index for index, item in enumerate(merged) if item.get(key) == change[key]]
        if change.get(_DIRECTIVE) == "delete":
            merged[:] = [item for item in merged if item.get(key) != change[key]]
        elif places:
            merged[places[0]] = self.merge(field.element, merged[places[0]], change)
        else:
            merged.append(self.merge(field.element, {}, change))


def _object_type(field: Field | None) -> str:
    # Maps have no type of their own: their members merge by name.
    return "" if field is None or field.is_map or field.is_list else field.type


def _ordered(field: Field, present: Sequence[Any], merged: list[Any], order: Any) -> list[Any]:
    """Return the list in the order that the client asked for; elements it did not name keep their places."""
    if not order:
        return merged
    wanted = [_identity(field, item) for item in order]
    named = [item for item in merged if _identity(field, item) in wanted]
    named.sort(key=lambda item: wanted.index(_identity(field, item)))
    others = [item for item in merged if _identity(field, item) not in wanted]
    return _interleave([_identity(field, item) for item in present], field, named, others)


def _interleave(before: list[Any], field: Field, named: list[Any], others: list[Any]) -> list[Any]:
    # As mergeSortedSlice of strategicpatch: an unnamed element comes before a named one that followed it.
    result: list[Any] = []
    while named and others:
        left, right = _identity(field, named[0]), _identity(field, others[0])
        other_first = left in before and right in before and before.index(right) < before.index(left)
        result.append(others.pop(0) if other_first else named.pop(0))
    return result + named + others


def _identity(field: Field, item: Any) -> Any:
    return item.get(field.merge_key) if field.merge_key and isinstance(item, dict) else item


def _plain(value: Any) -> Any:
    """Return a new value without directives and nulls."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None and not key.startswith("$")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _go_map(value: Any) -> str:
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go_map(item)}' for key, item in sorted(value.items()))}]"
    if isinstance(value, list):
        return f"[{' '.join(_go_map(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
