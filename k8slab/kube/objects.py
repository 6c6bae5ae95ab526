"""Typed accessors over Kubernetes objects, which travel as plain dicts (what the wire carries)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Obj = dict[str, Any]


class ObjectKey(NamedTuple):
    """The identity of an object among those of its resource; ``namespace`` is empty for cluster scope."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def dig(value: Any, *path: str | int, default: Any = None) -> Any:
    """Follow keys and indexes; return ``default`` where the path ends early or the value is null."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return default
        if value is None:
            return default
    return value


def metadata(obj: Obj) -> dict[str, Any]:
    """Return the object's metadata, created when absent."""
    found: dict[str, Any] = obj.setdefault("metadata", {})
    return found


def name_of(obj: Mapping[str, Any]) -> str:
    """Return ``metadata.name``, or an empty text."""
    return str(dig(obj, "metadata", "name", default=""))


def namespace_of(obj: Mapping[str, Any]) -> str:
    """Return ``metadata.namespace``, or an empty text."""
    return str(dig(obj, "metadata", "namespace", default=""))


def uid_of(obj: Mapping[str, Any]) -> str:
    """Return ``metadata.uid``, or an empty text."""
    return str(dig(obj, "metadata", "uid", default=""))


def key_of(obj: Mapping[str, Any]) -> ObjectKey:
    """Return the object's namespace and name."""
    return ObjectKey(namespace_of(obj), name_of(obj))


def labels_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels; an empty dict when there are none."""
    found: dict[str, str] = dig(obj, "metadata", "labels", default={})
    return found


def annotations_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotations; an empty dict when there are none."""
    found: dict[str, str] = dig(obj, "metadata", "annotations", default={})
    return found


def resource_version_of(obj: Mapping[str, Any]) -> int:
    """Return the revision the object was last written at; 0 when it was never stored."""
    return int(dig(obj, "metadata", "resourceVersion", default=0) or 0)


def is_deleting(obj: Mapping[str, Any]) -> bool:
    """Tell whether a deletion has begun."""
    return dig(obj, "metadata", "deletionTimestamp") is not None


def owner_references(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the owner references; an empty list when there are none."""
    found: list[dict[str, Any]] = dig(obj, "metadata", "ownerReferences", default=[])
    return found


def controller_of(obj: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the owner reference with ``controller: true``, if there is one."""
    return next((ref for ref in owner_references(obj) if ref.get("controller")), None)


def owned_by(objects: Iterable[Obj], uid: str) -> Iterator[Obj]:
    """Yield the objects whose controller has that uid."""
    for obj in objects:
        owner = controller_of(obj)
        if owner is not None and owner.get("uid") == uid:
            yield obj


def find_condition(obj: Mapping[str, Any], condition_type: str) -> dict[str, Any] | None:
    """Return the entry of ``status.conditions`` with that type."""
    conditions: list[dict[str, Any]] = dig(obj, "status", "conditions", default=[])
    return next((entry for entry in conditions if entry.get("type") == condition_type), None)


def condition_is_true(obj: Mapping[str, Any], condition_type: str) -> bool:
    """Tell whether the condition is there with status ``True``."""
    found = find_condition(obj, condition_type)
    return found is not None and found.get("status") == "True"
