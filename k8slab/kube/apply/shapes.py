"""How a type's values are owned and merged: as a whole, field by field, or element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from k8slab.kube.schema import Field, Schema

Kind = Literal["leaf", "struct", "map", "keyed", "set", "open", "custom"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value.

    ``leaf``: owned as a whole. ``struct``: an object with known fields. ``map``: an object with any fields, all of type
    ``element``. ``keyed``: a list whose elements are told apart by ``keys`` (with the ``defaults`` of those left out).
    ``set``: a list of different scalars. ``open``: of no known type (objects field by field, the rest as a whole);
    ``custom``: an object of a kind that a user defined, of which only the metadata is known here.
    ``scalar`` is what checks ask of a leaf: ``string``, ``number``, ``bool``, ``list``, ``map`` or nothing.
    """

    kind: Kind
    element: str = ""
    type: str = ""
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    scalar: str = ""


OPEN = Shape("open")
OBJECTS = ("struct", "map", "open", "custom")
_METADATA = "apimachinery.pkg.apis.meta.v1.ObjectMeta"
_SCALARS: Mapping[str, str] = {
    "string": "string", "bytes": "string", "time": "string", "microTime": "string", "duration": "string",
    "bool": "bool", "int32": "number", "int64": "number", "uint32": "number", "double": "number",
    "quantity": "any", "intOrString": "any",
}  # fmt: skip


class Shapes:
    """The shapes of all types of a schema; a cache over immutable tables."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._of_type: dict[str, Shape] = {}
        self._of_fields: dict[str, Mapping[str, Shape]] = {}

    def of_kind(self, api_version: str, kind: str) -> Shape:
        """Return the shape of a kind; one of no known type for kinds that the schema lacks."""
        name = self._schema.kind(api_version, kind)
        return Shape("custom") if name is None else self.of_type(name)

    def of_type(self, name: str) -> Shape:
        """Return the shape of a type."""
        found = self._of_type.get(name)
        if found is None:
            found = self._of_type[name] = self._made(name)
        return found

    def _made(self, name: str) -> Shape:
        if name in _SCALARS:
            return Shape("leaf", scalar=_SCALARS[name])
        if not self._schema.has(name) or set(self._schema.fields(name)) == {"items"}:
            return OPEN
        if self._schema.is_atomic(name):
            return Shape("leaf", type=name, scalar="map")
        return Shape("struct", type=name)

    def fields(self, shape: Shape) -> Mapping[str, Shape]:
        """Return the shapes of a struct's fields."""
        if shape.kind == "custom":
            return {"metadata": self.of_type(_METADATA)}
        found = self._of_fields.get(shape.type)
        if found is None:
            rows = self._schema.fields(shape.type)
            found = {name: self._of_field(row) for name, row in rows.items() if not row.inline}
            self._of_fields[shape.type] = found
        return found

    def _of_field(self, row: Field) -> Shape:
        if row.is_map:
            kind: Kind = "leaf" if row.constraints.get("map") == "atomic" else "map"
            return Shape(kind, row.element, scalar="map")
        if not row.is_list:
            whole = row.constraints.get("map") == "atomic"
            return Shape("leaf", type=row.type, scalar="map") if whole else self.of_type(row.type)
        if row.list_type == "map":
            return Shape("keyed", row.element, keys=row.map_keys, defaults=self._defaults(row), scalar="list")
        return Shape("set" if row.list_type == "set" else "leaf", row.element, scalar="list")

    def _defaults(self, row: Field) -> Mapping[str, Any]:
        rows = self._schema.fields(row.element)
        found = {key: rows[key].constraints.get("default") for key in row.map_keys if key in rows}
        # OpenAPI gives texts that Go always writes the default "".
        found |= {key: "" for key in found if found[key] is None and rows[key].required and rows[key].type == "string"}
        return {key: value for key, value in found.items() if value is not None}

    def blank(self, api_version: str, kind: str) -> dict[str, Any]:
        """Return what JSON shows of an object of the kind in which nothing is set."""
        name = self._schema.kind(api_version, kind)
        return {} if name is None else self._blank(name)

    def _blank(self, name: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, row in self._schema.fields(name).items():
            if row.type.endswith(".ObjectMeta"):
                made[key] = {}
            elif row.shown == "null" or row.is_list or row.is_map:
                made |= {key: None} if row.shown else {}
            elif row.shown == "{}" and self._schema.has(row.type):
                made[key] = self._blank(row.type)
        return made


def element_key(shape: Shape, item: Any) -> str | None:
    """Return the path element of a list's element (``k:{"name":"web"}``, ``v:"x"``); None when it cannot have one."""
    if shape.kind == "set":
        return None if isinstance(item, dict | list) or item is None else f"v:{orjson.dumps(item).decode()}"
    if not isinstance(item, dict):
        return None
    found = {key: item.get(key, shape.defaults.get(key)) for key in sorted(shape.keys)}
    found = {key: value for key, value in found.items() if value is not None}
    return f"k:{orjson.dumps(found).decode()}" if found else None
