"""What the store keeps: the JSON bytes of objects, each with the revision it was written at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import orjson

from k8slab.kube.objects import Obj

ChangeType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


class StoreKey(NamedTuple):
    """The identity of a stored object; ``storage_name`` is that of its ``Resource``, cluster scope has no namespace."""

    storage_name: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one object; ``data`` is its JSON with ``metadata.resourceVersion`` inside."""

    key: StoreKey
    revision: int
    data: bytes

    def decode(self) -> Obj:
        """Return a fresh copy of the object (decoding is far cheaper than a deep copy)."""
        obj: Obj = orjson.loads(self.data)
        return obj


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the log. A ``DELETED`` entry is the last version, carrying the revision of the deletion.

    The log itself has no ``BOOKMARK``: watches make them, with an entry that has no more than a revision.
    """

    type: ChangeType
    entry: Entry
    previous: Entry | None = None

    @property
    def revision(self) -> int:
        """Return the revision of this step."""
        return self.entry.revision


def unwritten(key: StoreKey, obj: Obj) -> Entry:
    """Return the entry of an object that a dry run did not write: it has no revision."""
    return Entry(key, 0, orjson.dumps(_ordered(obj, "")))


def encode(key: StoreKey, revision: int, obj: Obj) -> Entry:
    """Return the entry of an object at a revision; the given object is not changed."""
    return Entry(key, revision, orjson.dumps(_ordered(obj, str(revision))))


# The order in which Go writes the fields of ObjectMeta: people read raw answers, and errors quote them.
_METADATA = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields",
)  # fmt: skip


def _ordered(obj: Obj, version: str) -> Obj:
    meta = dict(obj.get("metadata", {}))
    meta.pop("resourceVersion", None)
    if version:
        meta["resourceVersion"] = version
    known = {field: meta.pop(field) for field in _METADATA if field in meta}
    head: Obj = {field: obj[field] for field in ("kind", "apiVersion") if field in obj}
    return {**head, "metadata": {**known, **meta}, **{key: obj[key] for key in obj if key not in _HEAD}}


_HEAD = frozenset({"kind", "apiVersion", "metadata"})
