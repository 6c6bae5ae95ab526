"""Reads the generated tables (``scripts/update_schema.py`` writes them)."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type.

    ``type`` is ``string``, ``bool``, ``int32``, ``int64``, ``double``, ``bytes``, ``quantity``, ``intOrString``,
    ``time``, ``microTime``, ``duration``, ``fieldsV1``, ``raw`` or the name of another type, behind ``[]`` for a
    list and ``{}`` for a map. ``number`` is that of the protobuf field; 0 where protobuf has none. An ``inline``
    field exists in protobuf only: JSON writes the fields of its type into the parent's object.
    """

    name: str
    type: str
    number: int = 0
    constraints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_list(self) -> bool:
        """Tell whether the value is a list."""
        return self.type.startswith("[]")

    @property
    def is_map(self) -> bool:
        """Tell whether the value is a map from texts."""
        return self.type.startswith("{}")

    @property
    def element(self) -> str:
        """Return the type of the value, or of the elements of a list or map."""
        return self.type[2:] if self.type[:2] in ("[]", "{}") else self.type

    @property
    def inline(self) -> bool:
        """Tell whether the field is embedded (protobuf only)."""
        return bool(self.constraints.get("inline"))

    @property
    def required(self) -> bool:
        """Tell whether OpenAPI lists the field as required."""
        return bool(self.constraints.get("required"))

    @property
    def keeps_zero(self) -> bool:
        """Tell whether JSON shows the zero of a scalar (Go has a pointer there, or no ``omitempty``)."""
        return bool(self.constraints.get("zero"))

    @property
    def merge_key(self) -> str:
        """Return the patch merge key of a list, or an empty text."""
        return str(self.constraints.get("merge", ""))

    @property
    def shown(self) -> str:
        """Return what JSON shows when the map, list or struct is empty: ``null``, ``{}`` or (left out) nothing."""
        return str(self.constraints.get("shown", ""))

    @property
    def strategies(self) -> tuple[str, ...]:
        """Return the patch strategies: ``merge``, ``replace``, ``retainKeys``."""
        return tuple(str(self.constraints.get("strategy", "")).split(","))

    @property
    def list_type(self) -> str:
        """Return ``map``, ``set``, ``atomic`` or an empty text."""
        return str(self.constraints.get("list", ""))

    @property
    def map_keys(self) -> tuple[str, ...]:
        """Return the keys that tell the elements of a ``map`` list apart."""
        return tuple(self.constraints.get("keys", ()))


class Schema:
    """All types by name and all kinds by ``(apiVersion, kind)``. Immutable but for a cache of decoded rows."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.version = str(tables["version"])
        self._kinds: Mapping[str, str] = tables["kinds"]
        self._rows: Mapping[str, Mapping[str, list[Any]]] = tables["types"]
        self._atomic = frozenset(tables["atomic"])
        self._types: dict[str, Mapping[str, Field]] = {}

    @classmethod
    def load(cls) -> Schema:
        """Read the tables that travel with the package."""
        return cls(orjson.loads(importlib.resources.files(__package__).joinpath("tables.json").read_bytes()))

    def kind(self, api_version: str, kind: str) -> str | None:
        """Return the type of a kind, or None when there is no such kind."""
        return self._kinds.get(f"{api_version}/{kind}")

    def kinds(self) -> Iterable[str]:
        """Return every known ``apiVersion/kind``."""
        return self._kinds

    def has(self, name: str) -> bool:
        """Tell whether there is a type of that name (scalars have none)."""
        return name in self._rows

    def is_atomic(self, name: str) -> bool:
        """Tell whether values of a type are owned and replaced as a whole (``x-kubernetes-map-type: atomic``)."""
        return name in self._atomic

    def fields(self, name: str) -> Mapping[str, Field]:
        """Return the fields of a type, by name; raises ``KeyError``."""
        found = self._types.get(name)
        if found is None:
            found = {key: Field(key, *row) for key, row in self._rows[name].items()}
            self._types[name] = found
        return found
