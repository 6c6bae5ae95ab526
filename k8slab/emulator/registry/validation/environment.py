"""Rules of a container's environment (ValidateEnv and ValidateEnvFrom of pkg/apis/core/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.names import CONFIG_KEY, ENV_NAME, SUBDOMAIN, check, config_key_problems
from k8slab.emulator.registry.validation.values import one_of
from k8slab.kube.objects import Obj
from k8slab.kube.status import INVALID, REQUIRED, FieldError

_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef")
_ENV_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
_VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_CONVERTIBLE = {*_ENV_FIELDS, *_VOLUME_FIELDS}
_WITH_KEY = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]")
_RESOURCES = tuple(
    f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)


def validate_variables(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with ``env``."""
    for index, entry in enumerate(entries):
        where, name = f"{path}[{index}]", entry.get("name", "")
        if not name:
            yield FieldError(REQUIRED, f"{where}.name")
        else:
            yield from check(ENV_NAME, f"{where}.name", name)
        if entry.get("valueFrom") is not None:
            yield from _value_from(entry, f"{where}.valueFrom")


def _value_from(entry: Obj, path: str) -> Iterator[FieldError]:
    origin = entry["valueFrom"]
    found = [name for name in _SOURCES if origin.get(name) is not None]
    for name in found:
        yield from _source(name, origin[name], f"{path}.{name}")
    if entry.get("value") and found:
        yield FieldError(INVALID, path, "", "may not be specified when `value` is not empty")
    elif len(found) > 1:
        yield FieldError(INVALID, path, "", "may not have more than one field specified at a time")
    elif not found:
        listed = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield FieldError(INVALID, path, "", listed)


def _source(kind: str, source: Obj, path: str) -> Iterator[FieldError]:
    if kind == "fieldRef":
        yield from validate_field_reference(source, path, _ENV_FIELDS)
    elif kind == "resourceFieldRef":
        yield from validate_resource_reference(source, path, in_volume=False)
    else:
        yield from check(SUBDOMAIN, f"{path}.name", str(source.get("name", "")))
        yield from _key(str(source.get("key", "")), f"{path}.key")


def _key(key: str, path: str) -> Iterator[FieldError]:
    if not key:
        yield FieldError(REQUIRED, path)
        return
    for problem in config_key_problems(CONFIG_KEY, key):
        yield FieldError(INVALID, path, key, problem)


def validate_field_reference(source: Obj, path: str, supported: Sequence[str]) -> Iterator[FieldError]:
    """Yield what is wrong with a reference to a field of the pod."""
    field = str(source.get("fieldPath", ""))
    keyed = _WITH_KEY.fullmatch(field)
    if not field:
        yield FieldError(REQUIRED, f"{path}.fieldPath")
    elif keyed:
        return
    elif field not in _CONVERTIBLE:
        detail = f"error converting fieldPath: field label not supported: {field}"
        yield FieldError(INVALID, f"{path}.fieldPath", field, detail)
    else:
        yield from one_of(f"{path}.fieldPath", field, sorted(supported))


def validate_volume_field(source: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a field that a downward API volume shows."""
    yield from validate_field_reference(source, path, _VOLUME_FIELDS)


def validate_resource_reference(source: Obj, path: str, *, in_volume: bool) -> Iterator[FieldError]:
    """Yield what is wrong with a reference to a container's limits or requests."""
    if in_volume and not source.get("containerName"):
        yield FieldError(REQUIRED, f"{path}.containerName")
    elif not source.get("resource"):
        yield FieldError(REQUIRED, f"{path}.resource")
    elif not str(source["resource"]).partition(".")[2].startswith("hugepages-"):
        yield from one_of(f"{path}.resource", source["resource"], _RESOURCES)


def validate_sources(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with ``envFrom``."""
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        if entry.get("prefix"):
            yield from check(ENV_NAME, f"{where}.prefix", entry["prefix"])
        found = [name for name in ("configMapRef", "secretRef") if entry.get(name) is not None]
        for name in found:
            yield from _named(entry[name], f"{where}.{name}")
        if not found:
            yield FieldError(INVALID, path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(found) > 1:
            yield FieldError(INVALID, path, "", "may not have more than one field specified at a time")


def _named(reference: Obj, path: str) -> Iterator[FieldError]:
    if not reference.get("name"):
        yield FieldError(REQUIRED, f"{path}.name")
    else:
        yield from check(SUBDOMAIN, f"{path}.name", reference["name"])
