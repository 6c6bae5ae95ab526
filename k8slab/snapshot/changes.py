"""What differs between two pictures, object by object and field by field: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from k8slab.kube.objects import Obj, ObjectKey
from k8slab.kube.resources import EVENTS
from k8slab.snapshot.picture import Snapshot

# Fields that every write changes, and that say nothing to a learner.
_NOISE = frozenset({"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "observedGeneration",
                    "lastTransitionTime", "lastUpdateTime", "lastProbeTime", "lastHeartbeatTime",
                    "kubectl.kubernetes.io/last-applied-configuration"})  # fmt: skip
_SHOWN = 70
_MOST_FIELDS = 12
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: its path, and its value before and after (None where it was not there)."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: {_text(self.before)} -> {_text(self.after)}"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that came, went or was changed."""

    what: Literal["added", "removed", "changed"]
    kind: str
    key: ObjectKey
    fields: tuple[FieldChange, ...] = ()

    @property
    def title(self) -> str:
        """Return sign, kind and name."""
        return f"{_SIGNS[self.what]} {self.kind} {self.key}"


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes, in the order of kinds."""

    objects: tuple[ObjectChange, ...]

    def __str__(self) -> str:
        if not self.objects:
            return "Nothing changed."
        return "\n".join(line for change in self.objects for line in _lines(change))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colours = {"added": "#1a7f37", "removed": "#b42318", "changed": "#9a6700"}
        rows = "".join(
            f'<div style="color:{colours[change.what]}">{escape(change.title)}</div>'
            + "".join(f"<div>&nbsp;&nbsp;&nbsp;{escape(str(field))}</div>" for field in change.fields[:_MOST_FIELDS])
            for change in self.objects
        )
        return f'<div style="font-family:monospace">{rows or "Nothing changed."}</div>'


def _lines(change: ObjectChange) -> Iterator[str]:
    yield change.title
    yield from (f"    {field}" for field in change.fields[:_MOST_FIELDS])
    if len(change.fields) > _MOST_FIELDS:
        yield f"    and {len(change.fields) - _MOST_FIELDS} more fields"


def _text(value: Any) -> str:
    text = "(nothing)" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def changes(before: Snapshot, after: Snapshot) -> Changes:
    """Return what differs; events and fields that every write changes are left out."""
    found: list[ObjectChange] = []
    for name in sorted({*before.objects, *after.objects} - {EVENTS.qualified_name}):
        old, new = before.objects.get(name, {}), after.objects.get(name, {})
        for key in sorted({*old, *new}):
            change = _object(old.get(key), new.get(key), key)
            if change is not None:
                found.append(change)
    return Changes(tuple(found))


def _object(old: Obj | None, new: Obj | None, key: ObjectKey) -> ObjectChange | None:
    kind = str((new or old or {}).get("kind", ""))
    if old is None:
        return ObjectChange("added", kind, key)
    if new is None:
        return ObjectChange("removed", kind, key)
    fields = tuple(_fields(old, new, ""))
    return ObjectChange("changed", kind, key, fields) if fields else None


def _fields(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new} - _NOISE):
            yield from _fields(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif _keyed(old) and _keyed(new):
        yield from _fields(_by_key(old), _by_key(new), path)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _fields(one, other, f"{path}[{number}]")
    elif _quiet(old) != _quiet(new):
        yield FieldChange(path, old, new)


def _keyed(value: Any) -> bool:
    """Tell whether a list is one of named things (conditions, containers, ports): their order says nothing."""
    if not isinstance(value, list) or not value:
        return False
    names = [entry.get("type") or entry.get("name") for entry in value if isinstance(entry, Mapping)]
    return len(names) == len(value) and all(names) and len(set(names)) == len(names)


def _by_key(value: list[Any]) -> dict[str, Any]:
    return {f"({entry.get('type') or entry.get('name')})": entry for entry in value}


def _quiet(value: Any) -> Any:
    """Return a value without the fields that say nothing."""
    if isinstance(value, Mapping):
        return {name: _quiet(part) for name, part in value.items() if name not in _NOISE}
    return [_quiet(part) for part in value] if isinstance(value, list) else value
