"""What a CustomResourceDefinition serves: one resource for each of its versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from k8slab.kube.objects import Obj, dig, find_condition
from k8slab.kube.resources import CustomVersion, Resource

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_RANKS = {None: 2, "beta": 1, "alpha": 0}
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def resources_of(definition: Obj) -> Iterator[Resource]:
    """Yield the served resources, the preferred version first; none before the names are accepted."""
    established = find_condition(definition, "Established")
    if established is None or established.get("status") != "True":
        return
    spec = definition["spec"]
    versions = [version for version in spec["versions"] if version.get("served")]
    for version in sorted(versions, key=lambda entry: version_rank(entry["name"]), reverse=True):
        yield _resource(definition, version)


def version_rank(name: str) -> tuple[int, int, int, str]:
    """Return the place of a version: v2 before v1 before v1beta2 before v1alpha1 before any other word."""
    match = _VERSION.fullmatch(name)
    if match is None:
        return (-1, 0, 0, name)
    return (_RANKS[match[2]], int(match[1]), int(match[3] or 0), "")


def _resource(definition: Obj, version: Mapping[str, Any]) -> Resource:
    spec = definition["spec"]
    names = dig(definition, "status", "acceptedNames", default={}) or spec["names"]
    parts = version.get("subresources") or {}
    return Resource(
        spec["group"],
        version["name"],
        names["kind"],
        names["plural"],
        names.get("singular", ""),
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=_VERBS,
        subresources=tuple(name for name in ("status", "scale") if name in parts),
        custom=CustomVersion(
            schema=dig(version, "schema", "openAPIV3Schema", default={}),
            columns=tuple(version.get("additionalPrinterColumns") or ()),
            scale=parts.get("scale"),
            has_status="status" in parts,
            stored=storage_version(definition),
            preserve=bool(spec.get("preserveUnknownFields")),
            warning=_warning(spec, version, names["kind"]),
        ),
    )


def storage_version(definition: Obj) -> str:
    """Return the version that the store keeps."""
    return next((str(entry["name"]) for entry in definition["spec"]["versions"] if entry.get("storage")), "")


def _warning(spec: Mapping[str, Any], version: Mapping[str, Any], kind: str) -> str:
    if not version.get("deprecated"):
        return ""
    return str(version.get("deprecationWarning") or f"{spec['group']}/{version['name']} {kind} is deprecated")
