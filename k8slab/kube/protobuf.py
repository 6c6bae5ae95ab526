r"""Kubernetes' protobuf bodies (``application/vnd.kubernetes.protobuf``), decoded and encoded by the schema tables.

The envelope is ``k8s\0`` and a ``runtime.Unknown`` (k8s.io/apimachinery/pkg/runtime/serializer/protobuf). Messages are
rows of the tables, so that neither generated code nor the protobuf runtime (10 MB of memory) is needed.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from k8slab.kube.objects import Obj
from k8slab.kube.schema import Field, Schema

MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_DOUBLE = struct.Struct("<d")


class ProtobufError(ValueError):
    """The bytes are not what they should be."""


def decode(schema: Schema, body: bytes) -> Obj:
    """Return the object in an envelope, with ``apiVersion`` and ``kind``; raises ``ProtobufError``."""
    if not body.startswith(MAGIC):
        raise ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        return _decode_envelope(schema, body[len(MAGIC) :])
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise ProtobufError(f"unable to decode the protobuf body: {error}") from error


def _decode_envelope(schema: Schema, data: bytes) -> Obj:
    parts = dict(_parts(data))
    type_meta = {number: bytes(value).decode() for number, value in _parts(parts.get(1, b""))}
    api_version, kind = type_meta.get(1, ""), type_meta.get(2, "")
    name = schema.kind(api_version, kind) or _meta_type(schema, kind)
    if name is None:
        raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    obj = _Decoder(schema).message(name, parts.get(2, b""))
    return {"apiVersion": api_version, "kind": kind, **obj}


def _meta_type(schema: Schema, kind: str) -> str | None:
    # DeleteOptions and the like are sent under the group of the resource that they concern.
    name = f"apimachinery.pkg.apis.meta.v1.{kind}"
    return name if schema.has(name) else None


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield ``(field number, value)``: numbers as int, anything of a length as bytes."""
    place, end = 0, len(data)
    while place < end:
        tag, place = _read_varint(data, place)
        number, wire_type = tag >> 3, tag & 7
        value: Any
        if wire_type == _VARINT:
            value, place = _read_varint(data, place)
        elif wire_type == _BYTES:
            size, place = _read_varint(data, place)
            value, place = data[place : place + size], place + size
            if place > end:
                raise ProtobufError("unexpected EOF")
        elif wire_type in (_FIXED64, _FIXED32):
            size = 8 if wire_type == _FIXED64 else 4
            value, place = data[place : place + size], place + size
        else:
            raise ProtobufError(f"proto: illegal wireType {wire_type}")
        yield number, value


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of seven bits in each byte, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:  # noqa: PLR2004 - the bit that says "more"
            return value & _MASK, place
        shift += 7
        if shift > 63:  # noqa: PLR2004 - ten bytes at most
            raise ProtobufError("proto: integer overflow")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


class _Decoder:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._by_number: dict[str, dict[int, Field]] = {}

    def message(self, type_name: str, data: bytes) -> Obj:
        fields = self._numbers(type_name)
        obj: Obj = {}
        for number, value in _parts(data):
            field = fields.get(number)
            if field is not None:
                self._put(obj, field, value)
        return {key: value for key, value in obj.items() if value is not None}

    def _numbers(self, type_name: str) -> dict[int, Field]:
        found = self._by_number.get(type_name)
        if found is None:
            found = {field.number: field for field in self._schema.fields(type_name).values() if field.number}
            self._by_number[type_name] = found
        return found

    def _put(self, obj: Obj, field: Field, value: Any) -> None:
        if field.inline:
            obj.update(self.message(field.element, value))
        elif field.is_list:
            obj.setdefault(field.name, []).append(self._value(field.element, value))
        elif field.is_map:
            pair = dict(_parts(value))
            key = bytes(pair.get(1, b"")).decode()
            obj.setdefault(field.name, {})[key] = self._value(field.element, pair.get(2, b""))
        elif value not in (0, b"") or field.keeps_zero or field.type not in _SCALARS:
            obj[field.name] = self._value(field.type, value)

    def _value(self, type_name: str, value: Any) -> Any:
        reader = _READERS.get(type_name)
        if reader is not None:
            return reader(value)
        if type_name.endswith(_LISTS):
            # Verbs, ExtraValue and their like are lists that protobuf wraps into a message.
            return [bytes(item).decode() for _, item in _parts(value)]
        return self.message(type_name, value)


# Go writes the zero of every field that is no pointer; JSON leaves it out.
_SCALARS = frozenset({"string", "bool", "int32", "int64", "uint32"})
_LISTS = (".Verbs", ".ExtraValue", ".OptionalNames")


def _read_int_or_string(data: bytes) -> int | str:
    parts = dict(_parts(data))
    return bytes(parts.get(3, b"")).decode() if parts.get(1, 0) == 1 else _signed(parts.get(2, 0))


def _read_time(data: bytes) -> str | None:
    parts = dict(_parts(data))
    if not parts:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=_signed(parts.get(1, 0)))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_micro_time(data: bytes) -> str | None:
    parts = dict(_parts(data))
    if not parts:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=_signed(parts.get(1, 0)), microseconds=parts.get(2, 0) // 1000
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_json(data: bytes) -> Any:
    raw = dict(_parts(data)).get(1, b"")
    return orjson.loads(raw) if raw else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": lambda value: bytes(value).decode(),
    "bool": bool,
    "int32": _signed,
    "int64": _signed,
    "uint32": int,
    "double": lambda value: _DOUBLE.unpack(value)[0],
    "bytes": lambda value: base64.b64encode(value).decode(),
    "quantity": lambda value: bytes(dict(_parts(value)).get(1, b"")).decode(),
    "intOrString": _read_int_or_string,
    "time": _read_time,
    "microTime": _read_micro_time,
    "fieldsV1": _read_json,
    "raw": _read_json,
}


def encode(schema: Schema, obj: Obj) -> bytes:
    """Return the envelope of an object; raises ``ProtobufError`` when its kind has no protobuf form."""
    api_version, kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    name = schema.kind(api_version, kind) or _meta_type(schema, kind)
    if name is None:
        raise ProtobufError(f'no kind "{kind}" is registered for version "{api_version}"')
    raw = _Encoder(schema).message(name, obj)
    type_meta = _sized(1, api_version.encode()) + _sized(2, kind.encode())
    return MAGIC + _sized(1, type_meta) + _sized(2, raw) + _sized(3, b"") + _sized(4, b"")


def watch_event(event_type: str, encoded: bytes) -> bytes:
    """Return a ``metav1.WatchEvent`` around an encoded object."""
    return _sized(1, event_type.encode()) + _sized(2, _sized(1, encoded))


def _tag(number: int, wire_type: int) -> bytes:
    return _varint((number << 3) | wire_type)


def _varint(value: int) -> bytes:
    value &= _MASK
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _sized(number: int, data: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(data)) + data


class _Encoder:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def message(self, type_name: str, obj: Mapping[str, Any]) -> bytes:
        return b"".join(self._fields(type_name, obj))

    def _fields(self, type_name: str, obj: Mapping[str, Any]) -> Iterator[bytes]:
        for field in sorted(self._schema.fields(type_name).values(), key=lambda row: row.number):
            if field.inline:
                inner = self.message(field.element, obj)
                yield _sized(field.number, inner)
            elif field.number and obj.get(field.name) is not None:
                yield from self._field(field, obj[field.name])

    def _field(self, field: Field, value: Any) -> Iterator[bytes]:
        if field.is_list:
            for item in value:
                yield self._one(field.number, field.element, item)
        elif field.is_map:
            for key, item in value.items():
                yield _sized(field.number, _sized(1, key.encode()) + self._one(2, field.element, item))
        else:
            yield self._one(field.number, field.type, value)

    def _one(self, number: int, type_name: str, value: Any) -> bytes:
        if type_name in ("bool", "int32", "int64", "uint32"):
            return _tag(number, _VARINT) + _varint(int(value))
        if type_name == "double":
            return _tag(number, _FIXED64) + _DOUBLE.pack(value)
        writer = _WRITERS.get(type_name)
        if writer is not None:
            return _sized(number, writer(value))
        if type_name.endswith(_LISTS):
            return _sized(number, b"".join(_sized(1, item.encode()) for item in value))
        return _sized(number, self.message(type_name, value))


def _write_int_or_string(value: int | str) -> bytes:
    if isinstance(value, str):
        return _tag(1, _VARINT) + _varint(1) + _tag(2, _VARINT) + _varint(0) + _sized(3, value.encode())
    return _tag(1, _VARINT) + _varint(0) + _tag(2, _VARINT) + _varint(value) + _sized(3, b"")


def _write_time(value: str) -> bytes:
    moment = datetime.fromisoformat(value)
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
    return _tag(1, _VARINT) + _varint(seconds) + _tag(2, _VARINT) + _varint(moment.microsecond * 1000)


_WRITERS: Mapping[str, Callable[[Any], bytes]] = {
    "string": str.encode,
    "bytes": base64.b64decode,
    "quantity": lambda value: _sized(1, str(value).encode()),
    "intOrString": _write_int_or_string,
    "time": _write_time,
    "microTime": _write_time,
    "fieldsV1": lambda value: _sized(1, orjson.dumps(value)),
    "raw": lambda value: _sized(1, orjson.dumps(value)),
}
