"""CustomResourceDefinitions (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/{v1/defaults.go,validation})."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8slab.clock import timestamp
from k8slab.emulator.registry.strategy import Context
from k8slab.emulator.registry.validation.names import DNS_1035, check
from k8slab.kube.custom.definition import storage_version
from k8slab.kube.custom.jsonpath import JsonPathError, steps
from k8slab.kube.custom.rules import check_expressions
from k8slab.kube.custom.structure import check_schema
from k8slab.kube.objects import Obj, dig, metadata, name_of
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError

Errors = Iterator[FieldError]
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")


def default_definition(obj: Obj) -> None:
    """Fill in names and the conversion."""
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})


def create_definition(obj: Obj, _context: Context) -> None:
    """Note the version that the store will keep."""
    obj["status"] = {"storedVersions": [storage_version(obj)]}


def update_definition(new: Obj, old: Obj) -> None:
    """Note a new storage version."""
    stored = dig(old, "status", "storedVersions", default=[])
    if storage_version(new) and storage_version(new) not in stored:
        new["status"] = {**old.get("status", {}), "storedVersions": [*stored, storage_version(new)]}


def end_definition(obj: Obj, context: Context) -> None:
    """Keep a definition until its objects are gone (registry/customresourcedefinition/etcd.go)."""
    finalizers = metadata(obj).setdefault("finalizers", [])
    if CLEANUP not in finalizers:
        finalizers.append(CLEANUP)
    text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    moment = timestamp(context.clock.now())
    condition = {"type": "Terminating", "status": "True", "reason": "InstanceDeletionPending", "message": text}
    conditions = obj.setdefault("status", {}).setdefault("conditions", [])
    conditions.append({**condition, "lastTransitionTime": moment})


def validate_definition(obj: Obj) -> Errors:
    """Yield what is wrong with a definition."""
    spec = obj["spec"]
    names, group = spec["names"], spec.get("group", "")
    if name_of(obj) != f"{names.get('plural', '')}.{group}" or not names.get("plural"):
        yield FieldError(INVALID, "metadata.name", name_of(obj), 'must be spec.names.plural+"."+spec.group')
    yield from _check_group(group)
    yield from _check_scope(spec.get("scope", ""))
    yield from _check_versions(spec.get("versions") or [])
    yield from _check_names(names)
    single = len(spec.get("versions") or []) == 1
    for index, version in enumerate(spec.get("versions") or []):
        # Versions that all look the same are one schema of the whole definition to the server.
        shown = "spec.validation" if single else f"spec.versions[{index}].schema"
        schema = dig(version, "schema", "openAPIV3Schema")
        if schema is not None:
            yield from check_schema(schema, f"{shown}.openAPIV3Schema")
        yield from check_expressions(schema, f"{shown}.openAPIV3Schema")
        columns = "spec" if single else f"spec.versions[{index}]"
        yield from _check_columns(version.get("additionalPrinterColumns") or [], f"{columns}.additionalPrinterColumns")
    yield from _check_conversion(spec.get("conversion") or {})
    if not storage_version(obj) and not dig(obj, "status", "storedVersions"):
        yield FieldError(INVALID, "status.storedVersions", None, "must have at least one stored version")


def _check_group(group: str) -> Errors:
    if not group:
        yield FieldError(REQUIRED, "spec.group")
    elif "." not in group:
        yield FieldError(INVALID, "spec.group", group, "should be a domain with at least one dot")


def _check_scope(scope: str) -> Errors:
    if not scope:
        yield FieldError(REQUIRED, "spec.scope")
    elif scope not in ("Cluster", "Namespaced"):
        yield FieldError(NOT_SUPPORTED, "spec.scope", scope, 'supported values: "Cluster", "Namespaced"')


def _check_versions(versions: list[Obj]) -> Errors:
    for index, version in enumerate(versions):
        if dig(version, "schema", "openAPIV3Schema") is None:
            yield FieldError(REQUIRED, f"spec.versions[{index}].schema.openAPIV3Schema")
    shown = [_internal(version) for version in versions] or None
    if len({version.get("name") for version in versions}) < len(versions):
        yield FieldError(INVALID, "spec.versions", shown, "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield FieldError(INVALID, "spec.versions", shown, "must have exactly one version marked as storage version")


def _internal(version: Obj) -> dict[str, Any]:
    """Return a version as Go prints its internal type."""
    fields = ("name", "served", "storage", "deprecated")
    zeros = ("", False, False, False)
    shown = {name.capitalize(): version.get(name, zero) for name, zero in zip(fields, zeros, strict=True)}
    others = ("deprecationWarning", "schema", "subresources", "additionalPrinterColumns", "selectableFields")
    return shown | {name[0].upper() + name[1:]: version.get(name) for name in others}


def _check_names(names: Obj) -> Errors:
    for field in ("plural", "singular", "kind", "listKind"):
        if not names.get(field):
            yield FieldError(REQUIRED, f"spec.names.{field}")
    for field, value in (("plural", names.get("plural")), ("singular", names.get("singular"))):
        yield from _label_errors(f"spec.names.{field}", value or "", "")
    for field in ("kind", "listKind"):
        value = str(names.get(field) or "")
        yield from _label_errors(f"spec.names.{field}", value, "may have mixed case, but should otherwise match: ")
    for index, short in enumerate(names.get("shortNames") or []):
        yield from _label_errors(f"spec.names.shortNames[{index}]", short, "")
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        text = "kind and listKind may not be the same"
        yield FieldError(INVALID, "spec.names.listKind", names["listKind"], text)


def _label_errors(path: str, value: str, preamble: str) -> Errors:
    for error in check(DNS_1035, path, value.lower() if preamble else value) if value else ():
        yield FieldError(INVALID, path, value, f"{preamble}{error.detail}")


def _check_columns(columns: list[Obj], path: str) -> Errors:
    listed = ",".join(_COLUMN_TYPES)
    for index, column in enumerate(columns):
        where = f"{path}[{index}]"
        if not column.get("name"):
            yield FieldError(REQUIRED, f"{where}.name")
        if not column.get("type"):
            yield FieldError(REQUIRED, f"{where}.type", detail=f"must be one of {listed}")
        elif column["type"] not in _COLUMN_TYPES:
            yield FieldError(INVALID, f"{where}.type", column["type"], f"must be one of {listed}")
        if not column.get("jsonPath"):
            yield FieldError(REQUIRED, f"{where}.JSONPath")
            continue
        try:
            steps(column["jsonPath"])
        except JsonPathError as error:
            yield FieldError(INVALID, f"{where}.JSONPath", column["jsonPath"], str(error))


def _check_conversion(conversion: Obj) -> Errors:
    strategy = conversion.get("strategy")
    if strategy == "Webhook":
        text = (
            "conversion webhooks are not served by the embedded cluster; they work on kind: %lab start --cluster kind"
        )
        yield FieldError(FORBIDDEN, "spec.conversion.strategy", detail=text)
    elif strategy != "None":
        yield FieldError(NOT_SUPPORTED, "spec.conversion.strategy", strategy, 'supported values: "None", "Webhook"')
