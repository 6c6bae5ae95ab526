"""``metadata.managedFields``: who manages which fields, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from k8slab.kube.apply.sets import FieldSet, union
from k8slab.kube.objects import Obj

APPLY, UPDATE = "Apply", "Update"


class Manager(NamedTuple):
    """The identity of a manager; that of an applier does not depend on the API version."""

    name: str
    operation: str
    version: str
    subresource: str


@dataclass(frozen=True, slots=True)
class Managed:
    """The fields of one manager; ``time`` is empty where nothing is known of it."""

    fields: FieldSet
    version: str
    time: str = ""


Table = dict[Manager, Managed]


def identity(name: str, operation: str, version: str, subresource: str = "") -> Manager:
    """Return the identity of a manager."""
    return Manager(name, operation, "" if operation == APPLY else version, subresource)


def read(entries: Any) -> Table | None:
    """Return the managers of a ``managedFields`` list; None when it is not well formed."""
    found: Table = {}
    for entry in entries or ():
        fields = entry.get("fieldsV1", {})
        sound = entry.get("operation") in (APPLY, UPDATE) and entry.get("fieldsType") == "FieldsV1"
        if not sound or not entry.get("apiVersion") or not isinstance(fields, dict):
            return None
        who = identity(entry.get("manager", ""), entry["operation"], entry["apiVersion"], entry.get("subresource", ""))
        found[who] = Managed(fields, entry["apiVersion"], entry.get("time") or "")
    return found


def is_reset(entries: Any) -> bool:
    """Tell whether a client asks to forget all managers: an empty list, or one with one empty entry."""
    return entries is not None and (not entries or (len(entries) == 1 and not entries[0]))


def write(table: Table) -> list[Obj]:
    """Return the ``managedFields`` list in the API server's order (of entries; ``ordered`` sorts what is in them)."""
    ordered = sorted(
        table.items(),
        key=lambda pair: (pair[0].operation, pair[1].time, pair[0].name, pair[1].version, pair[0].subresource),
    )
    return [_entry(who, managed) for who, managed in ordered if managed.fields]


def _entry(who: Manager, managed: Managed) -> Obj:
    made: Obj = {"manager": who.name, "operation": who.operation, "apiVersion": managed.version}
    if managed.time:
        made["time"] = managed.time
    made |= {"fieldsType": "FieldsV1", "fieldsV1": managed.fields}
    if who.subresource:
        made["subresource"] = who.subresource
    return made


def ordered(fields: Mapping[str, Any]) -> Obj:
    """Return a set with its keys in order, as the API server writes it."""
    return {key: ordered(fields[key]) if fields[key] else {} for key in sorted(fields)}


_MOST_UPDATERS = 10


def capped(table: Table) -> Table:
    """Return the table with the oldest updaters beyond ten in one entry (capmanagers.go)."""
    updaters = [who for who in table if who.operation == UPDATE]
    surplus = len(updaters) - _MOST_UPDATERS
    if surplus <= 0:
        return table
    updaters.sort(key=lambda who: (table[who].time, who))
    oldest = updaters[: surplus + 1]
    return _bucketed(table, oldest)


def _bucketed(table: Table, oldest: Iterable[Manager]) -> Table:
    made = {who: managed for who, managed in table.items() if who not in set(oldest)}
    for who in oldest:
        managed = table[who]
        bucket = identity("ancient-changes", UPDATE, managed.version)
        before = made.get(bucket)
        fields = union(before.fields, managed.fields) if before else managed.fields
        made[bucket] = Managed(fields, managed.version, managed.time)
    return made
