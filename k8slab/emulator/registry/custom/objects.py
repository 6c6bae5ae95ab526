"""Custom objects: their schema is their validation (k8s.io/apiextensions-apiserver/pkg/registry/customresource)."""

from __future__ import annotations

import orjson

from k8slab.emulator.registry.strategy import Errors, Strategy
from k8slab.emulator.store import Entry
from k8slab.kube.custom.checking import check
from k8slab.kube.custom.rules import check_rules
from k8slab.kube.custom.shaping import default
from k8slab.kube.objects import Obj
from k8slab.kube.resources import CustomVersion, Resource
from k8slab.kube.status import FieldError


def custom_strategy(custom: CustomVersion) -> Strategy:
    """Return the rules of one version of a custom kind."""

    def validate_update(new: Obj, old: Obj) -> Errors:
        # Ratcheting: what was wrong before and did not change is let through.
        known = {
            str(error) for error in (*check(_own(old), custom.schema), *check_rules(_shown(old), None, custom.schema))
        }
        yield from (error for error in _all(new, old) if str(error) not in known)

    def validate_new(obj: Obj) -> Errors:
        yield from _all(obj, None)
        yield from _check_scale(obj, custom)

    def _all(new: Obj, old: Obj | None) -> Errors:
        wrong = list(check(_own(new), custom.schema))
        # Rules may rely on the schema: they are looked at when it is met.
        yield from wrong or check_rules(_shown(new), None if old is None else _shown(old), custom.schema)

    return Strategy(
        defaults=lambda obj: default(obj, custom.schema),
        validate_new=validate_new,
        validate_update=validate_update,
        has_status=custom.has_status,
        initial_status=None,
        has_generation=True,
        validates_status=True,
    )


def _own(obj: Obj) -> Obj:
    """Return an object without the metadata, which has rules of its own."""
    return {**obj, "metadata": {}}


def _shown(obj: Obj) -> Obj:
    """Return an object as rules see it: of the metadata only the names."""
    meta = {key: obj["metadata"][key] for key in ("name", "generateName") if key in obj.get("metadata", {})}
    return {**obj, "metadata": meta}


def _check_scale(obj: Obj, custom: CustomVersion) -> Errors:
    path = str((custom.scale or {}).get("specReplicasPath", ""))
    value: object = obj
    for name in path.strip(".").split(".") if path else ():
        if not isinstance(value, dict):
            yield _accessor_error(path, value, "map[string]interface{}")
            return
        if name not in value:
            return
        value = value[name]
    if path and (not isinstance(value, int) or isinstance(value, bool)):
        yield _accessor_error(path, value, "int64")


_GO_TYPES = {bool: "bool", str: "string", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}


def _accessor_error(path: str, value: object, wanted: str) -> FieldError:
    found = _GO_TYPES.get(type(value), "int64")
    return FieldError(
        "Invalid value", path, 0, f"{path} accessor error: {value} is of the type {found}, expected {wanted}"
    )


def served_as(entry: Entry, resource: Resource) -> Entry:
    """Return an object as a version of its kind shows it (conversion ``None``: only apiVersion differs)."""
    if resource.custom is None or resource.version == resource.custom.stored:
        return entry
    obj = entry.decode()
    obj["apiVersion"] = resource.api_version
    default(obj, resource.custom.schema)
    return Entry(entry.key, entry.revision, orjson.dumps(obj))


def stored_version(resource: Resource) -> str:
    """Return the ``apiVersion`` that the store keeps."""
    if resource.custom is None or not resource.custom.stored:
        return resource.api_version
    return f"{resource.group}/{resource.custom.stored}"
