"""Brings an object into the shape of its type, as decoding into Go's structs does.

Types are checked and unknown fields dropped.

Messages are those of sigs.k8s.io/json and of the strict decoder of the API server.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from k8slab.kube.go_time import time_problem
from k8slab.kube.objects import Obj
from k8slab.kube.quantities import canonical_quantity
from k8slab.kube.schema import Field, Schema

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SCHEMA = "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_SCHEMA_UNIONS = frozenset({f"{_SCHEMA}Or{other}" for other in ("Array", "Bool", "StringArray")})
_SIZES = {"int32": 31, "int64": 63, "uint32": 32}


class DecodeError(ValueError):
    """A value has the wrong type; the text is the API server's message without its preamble.

    ``value`` and ``go_type`` tell the mismatch where there is one; ``is_struct`` and ``unmarshals`` say whether Go has
    a struct there, or a type that reads its own JSON (a port that is a number or a name).
    """

    def __init__(
        self, text: str, value: Any = None, go_type: str = "", *, is_struct: bool = False, unmarshals: bool = False
    ) -> None:
        super().__init__(text)
        self.value, self.go_type, self.is_struct, self.unmarshals = value, go_type, is_struct, unmarshals


@dataclass(frozen=True, slots=True)
class Conformed:
    """The object with known fields only, and the paths of the others (``spec.template.foo``)."""

    obj: Obj
    unknown: tuple[str, ...] = field(default=())


def conform(schema: Schema, api_version: str, kind: str, obj: Mapping[str, Any]) -> Conformed:
    """Return the object as its type has it; nulls and Go's omitted zeros are dropped. Raises ``DecodeError``."""
    type_name = schema.kind(api_version, kind)
    if type_name is None:
        raise DecodeError(f'no kind "{kind}" is registered for version "{api_version}"')
    walker = _Walker(schema)
    shaped = walker.struct(type_name, obj, (), "")
    return Conformed({"apiVersion": api_version, "kind": kind, **shaped}, tuple(walker.unknown))


def shape(schema: Schema, type_name: str, value: Mapping[str, Any], path: str) -> tuple[Obj, tuple[str, ...]]:
    """Return a part of an object as its type has it, and the paths of what the type does not know.

    Raises ``DecodeError``.
    """
    walker = _Walker(schema)
    shaped = walker.struct(type_name, value, (path,), path)
    return shaped, tuple(walker.unknown)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: the struct and path that errors name (no indexes), and the path with indexes."""

    struct: str
    path: str
    indexed: str


class _Walker:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.unknown: list[str] = []

    def struct(self, type_name: str, value: Mapping[str, Any], path: tuple[str, ...], indexed: str) -> Obj:
        fields = self._schema.fields(type_name)
        shaped: Obj = {}
        for key, item in value.items():
            known = fields.get(key)
            where = f"{indexed}.{key}" if indexed else key
            if known is None or known.inline:
                self.unknown.append(where)
            elif item is not None:
                place = _Place(type_name.rpartition(".")[2], ".".join((*path, key)), where)
                made = self._field(known, item, place, (*path, key))
                if not _is_omitted(known, made):
                    shaped[key] = made
        return shaped

    def _field(self, known: Field, value: Any, place: _Place, path: tuple[str, ...]) -> Any:
        if known.is_list:
            return list(self._list(known, value, place, path))
        if known.is_map:
            return dict(self._map(known, value, place, path))
        return self._value(known.type, value, place, path, known)

    def _list(self, known: Field, value: Any, place: _Place, path: tuple[str, ...]) -> Iterator[Any]:
        if not isinstance(value, list):
            raise _mismatch(value, place, f"[]{_go_type(known.element, known)}")
        for index, item in enumerate(value):
            deeper = _Place(place.struct, place.path, f"{place.indexed}[{index}]")
            yield self._value(known.element, item, deeper, path, known)

    def _map(self, known: Field, value: Any, place: _Place, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if not isinstance(value, dict):
            written = "[]uint8" if known.element == "bytes" else _go_type(known.element, known)
            raise _mismatch(value, place, f"map[string]{written}")
        for key, item in value.items():
            deeper = _Place(place.struct, place.path, f"{place.indexed}.{key}")
            yield key, self._value(known.element, item, deeper, path, known)

    def _value(self, type_name: str, value: Any, place: _Place, path: tuple[str, ...], known: Field) -> Any:
        reader = _READERS.get(type_name)
        if reader is not None:
            return reader(value, place, known)
        if type_name in _SCHEMA_UNIONS:
            # A schema, or something else that is taken as it is (true, a list of names).
            type_name = _SCHEMA if isinstance(value, dict) else ""
        if not self._schema.has(type_name) or set(self._schema.fields(type_name)) == {"items"}:
            return value
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _mismatch(value, place, _go_type(type_name, known), is_struct=True)
        return self.struct(type_name, value, path, place.indexed)


def _is_omitted(known: Field, value: Any) -> bool:
    # Go's ``omitempty`` leaves out zeros of everything but pointers and structs.
    zero = value in ("", 0, [], {}) and not isinstance(value, float)
    plain = known.is_list or known.is_map or known.type in ("string", "bool", *_SIZES)
    return zero and plain and not known.keeps_zero


def _go_type(type_name: str, known: Field) -> str:
    go = known.constraints.get("go")
    if go:
        return f"v1.{go}"
    if type_name in _GO_NAMES:
        return _GO_NAMES[type_name]
    return f"v1.{type_name.rpartition('.')[2]}" if "." in type_name else type_name


_GO_NAMES = {
    "time": "string",
    "double": "float64",
    "bytes": "[]uint8",
    "quantity": "resource.Quantity",
    "intOrString": "int32",
}


_JSON_TYPES = ((bool, "bool"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object"))


def _json_type(value: Any) -> str:
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "null")


def _mismatch(
    value: Any, place: _Place, go_type: str, *, is_struct: bool = False, unmarshals: bool = False
) -> DecodeError:
    found = _json_type(value)
    # Numbers that could have fitted are shown.
    if found == "number" and go_type.startswith(("int", "uint")):
        found = f"number {value}"
    text = f"json: cannot unmarshal {found} into Go struct field {place.struct}.{place.path} of type {go_type}"
    return DecodeError(text, value, go_type, is_struct=is_struct, unmarshals=unmarshals)


def _read_string(value: Any, place: _Place, known: Field) -> Any:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _mismatch(value, place, _go_type("string", known))
    return value


def _read_bool(value: Any, place: _Place, known: Field) -> Any:
    if not isinstance(value, bool):
        raise _mismatch(value, place, _go_type("bool", known))
    return value


def _integer(size: str) -> Callable[[Any, _Place, Field], Any]:
    bound = 1 << _SIZES[size]

    def read(value: Any, place: _Place, known: Field) -> Any:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not -bound <= value < bound:
            raise _mismatch(value, place, _go_type(size, known))
        return value

    return read


def _read_double(value: Any, place: _Place, known: Field) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(value, place, _go_type("double", known))
    return value


def _read_bytes(value: Any, place: _Place, known: Field) -> Any:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _mismatch(value, place, _go_type("bytes", known))
    text = value.replace("\n", "").replace("\r", "")
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(f"illegal base64 data at input byte {_first_illegal(text)}") from error
    return text


def _first_illegal(text: str) -> int:
    match = re.match(r"[A-Za-z0-9+/]*", text)
    good = match.end() if match else 0
    return good if good < len(text) and text[good] != "=" else len(text) - len(text) % 4


def _read_quantity(value: Any, _place: _Place, _known: Field) -> Any:
    try:
        return canonical_quantity(value)
    except ValueError as error:
        raise DecodeError(str(error)) from error


def _read_int_or_string(value: Any, place: _Place, known: Field) -> Any:
    if isinstance(value, str):
        return value
    try:
        return _integer("int32")(value, place, known)
    except DecodeError as error:
        raise _mismatch(value, place, error.go_type, unmarshals=True) from error


def _read_time(value: Any, place: _Place, known: Field) -> Any:
    if not isinstance(value, str):
        raise _mismatch(value, place, _go_type("time", known))
    problem = time_problem(value)
    if problem:
        raise DecodeError(problem)
    return value


def _read_anything(value: Any, _place: _Place, _known: Field) -> Any:
    return value


_READERS: Mapping[str, Callable[[Any, _Place, Field], Any]] = {
    "string": _read_string,
    "bool": _read_bool,
    "int32": _integer("int32"),
    "int64": _integer("int64"),
    "uint32": _integer("uint32"),
    "double": _read_double,
    "bytes": _read_bytes,
    "quantity": _read_quantity,
    "intOrString": _read_int_or_string,
    "time": _read_time,
    "microTime": _read_time,
    "duration": _read_anything,
    "fieldsV1": _read_anything,
    "raw": _read_anything,
    "any": _read_anything,
}
