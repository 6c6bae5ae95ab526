"""Managed fields of a create, update or patch: the writer takes what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from k8slab.kube.apply.fieldsets import difference_of
from k8slab.kube.apply.managers import UPDATE, Managed, Manager, Table, capped, identity, is_reset, ordered, read, write
from k8slab.kube.apply.sets import FieldSet, difference, intersection, recursive_difference, union
from k8slab.kube.apply.shapes import Shapes
from k8slab.kube.objects import Obj


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, through which part of the object, when; ``ignored`` are the fields that this part does not touch."""

    name: str
    version: str
    time: str
    subresource: str = ""
    ignored: FieldSet = field(default_factory=dict)


# Fields that nobody manages (managedfields/internal/stripmeta.go).
STRIPPED: FieldSet = {
    "f:apiVersion": {}, "f:kind": {},
    "f:metadata": {
        ".": {},
        **{f"f:{name}": {} for name in (
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
            "resourceVersion",
        )},
    },
}  # fmt: skip


def track(shapes: Shapes, old: Obj, new: Obj, writer: Writer) -> list[Obj]:
    """Return the ``managedFields`` of an object after a write; an empty ``old`` stands for a new object.

    Managers that the new object brings along replace the known ones, as clients may edit them; through a subresource
    they do not.
    """
    shape = shapes.of_kind(new["apiVersion"], new["kind"])
    table = _known(old, new, writer)
    if old and not table:
        # Whoever forgets the managers is left in peace (skipnonapplied.go).
        return []
    before = _without_managers(old) if old else shapes.blank(new["apiVersion"], new["kind"])
    found = difference_of(shapes, shape, before, _without_managers(new))
    if not found.changed and not found.removed:
        return write(table)
    changed = recursive_difference(found.changed, writer.ignored)
    removed = recursive_difference(found.removed, writer.ignored)
    table = given_up(table, changed, removed)
    return write(capped(_taken(table, difference(changed, STRIPPED), writer)))


def _without_managers(obj: Obj) -> Obj:
    # Only what is compared: the dictionaries on the way are new.
    meta = obj.get("metadata") or {}
    return {**obj, "metadata": {key: value for key, value in meta.items() if key not in _UNCOMPARED}}


_UNCOMPARED = frozenset({"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"})


def _known(old: Obj, new: Obj, writer: Writer) -> Table:
    sent = (new.get("metadata") or {}).get("managedFields")
    if writer.subresource:
        sent = None
    if is_reset(sent):
        return {}
    return read(sent) or read((old.get("metadata") or {}).get("managedFields")) or {}


def given_up(table: Table, changed: FieldSet, removed: FieldSet) -> Table:
    """Return the table in which nobody has the fields that changed or went."""
    gone = union(changed, removed)
    made = {who: Managed(difference(it.fields, gone), it.version, it.time) for who, it in table.items()}
    return {who: managed for who, managed in made.items() if managed.fields}


def _taken(table: Table, fields: FieldSet, writer: Writer) -> Table:
    if not fields:
        return table
    who = identity(writer.name, UPDATE, writer.version, writer.subresource)
    before = table.get(who)
    fields = ordered(union(before.fields, fields) if before else fields)
    return {**table, who: Managed(fields, writer.version, writer.time)}


def conflicts(table: Table, applier: Manager, changed: FieldSet) -> Mapping[Manager, FieldSet]:
    """Return what an apply would take from others."""
    found = {who: intersection(managed.fields, changed) for who, managed in table.items() if who != applier}
    return {who: fields for who, fields in found.items() if fields}


def same_but_times(left: Any, right: Any) -> bool:
    """Tell whether two ``managedFields`` lists differ in times only."""

    def timeless(entries: Any) -> list[Obj]:
        plain = [{key: value for key, value in entry.items() if key != "time"} for entry in entries or ()]
        return sorted(plain, key=lambda entry: (entry["manager"], entry["operation"], entry.get("subresource", "")))

    return timeless(left) == timeless(right)
