"""What a strict decoder says of a JSON document: fields that no type has, and keys that stand twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from k8slab.kube.schema import Field, Schema

_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:')


class Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written: each key with its value, the repeated ones too."""


def has_duplicates(data: bytes, decoded: Any) -> bool:
    """Tell whether some key stands twice in an object of the document that was decoded."""
    return len(_KEY.findall(data)) != _keys(decoded)


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_keys(item) for item in value.values() if isinstance(item, dict | list))
    if isinstance(value, list):
        return sum(_keys(item) for item in value if isinstance(item, dict | list))
    return 0


def problems(data: bytes, schema: Schema | None = None, type_name: str = "") -> list[str]:
    """Return the problems in the document's order; without a schema only keys that stand twice."""
    document = json.loads(data, object_pairs_hook=Pairs)
    found = _struct(schema, type_name, document, "") if schema else _plain(document, "")
    return list(dict.fromkeys(found))


def _struct(schema: Schema, type_name: str, pairs: Any, path: str) -> Iterator[str]:
    fields = {key: row for key, row in schema.fields(type_name).items() if not row.inline}
    seen: set[str] = set()
    for key, value in pairs if isinstance(pairs, Pairs) else ():
        where = f"{path}.{key}" if path else key
        row = fields.get(key)
        if row is None:
            yield f'unknown field "{where}"'
            continue
        if key in seen:
            yield f'duplicate field "{where}"'
        seen.add(key)
        yield from _field(schema, row, value, where)


def _field(schema: Schema, row: Field, value: Any, path: str) -> Iterator[str]:
    known = schema.has(row.element) and set(schema.fields(row.element)) != {"items"}
    if row.is_list:
        for index, item in enumerate(value if isinstance(value, list) and not isinstance(value, Pairs) else ()):
            if known:
                yield from _struct(schema, row.element, item, f"{path}[{index}]")
    elif known and not row.is_map:
        yield from _struct(schema, row.element, value, path)
    else:
        yield from _plain(value, path)


def _plain(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Pairs):
        seen: set[str] = set()
        for key, item in value:
            where = f"{path}.{key}" if path else key
            if key in seen:
                yield f'duplicate field "{where}"'
            seen.add(key)
            yield from _plain(item, where)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _plain(item, f"{path}[{index}]")
