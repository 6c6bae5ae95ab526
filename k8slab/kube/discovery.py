"""Discovery documents, legacy and aggregated (k8s.io/api/apidiscovery/v2), made from the catalogue's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from k8slab.kube.objects import Obj
from k8slab.kube.resources import Catalog, Resource
from k8slab.kube.subresources import subresource_of

VERSION: Obj = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": "v1.34.4",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "k8slab",
    "platform": "linux/amd64",
}


def group_versions(catalog: Catalog) -> list[tuple[str, str]]:
    """Return the served ``(group, version)`` pairs in the order of the catalogue; the core group is ``("", "v1")``."""
    return list(dict.fromkeys((resource.group, resource.version) for resource in catalog))


def core_versions(server: str) -> Obj:
    """Return the answer of ``/api``; ``server`` is ``host:port``."""
    by_client = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": by_client}


def group_list(catalog: Catalog) -> Obj:
    """Return the answer of ``/apis``."""
    groups = [_group(catalog, name) for name in _groups(catalog)]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(catalog: Catalog, name: str) -> Obj | None:
    """Return the answer of ``/apis/GROUP``, or None when nothing of the group is served."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(catalog, name)} if name in _groups(catalog) else None


def _groups(catalog: Catalog) -> list[str]:
    return list(dict.fromkeys(resource.group for resource in catalog if resource.group))


def _group(catalog: Catalog, name: str) -> Obj:
    served = [version for found, version in group_versions(catalog) if found == name]
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in served]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resource_list(catalog: Catalog, group_name: str, version: str) -> Obj | None:
    """Return the answer of ``/apis/GROUP/VERSION`` or ``/api/v1``, or None when nothing of it is served."""
    served = _served(catalog, group_name, version)
    if not served:
        return None
    rows = [row for resource in served for row in _legacy_rows(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": served[0].api_version, "resources": rows}


def _served(catalog: Catalog, group_name: str, version: str) -> list[Resource]:
    found = [entry for entry in catalog if (entry.group, entry.version) == (group_name, version)]
    return sorted(found, key=lambda entry: entry.plural)


def _legacy_rows(resource: Resource) -> Iterable[Obj]:
    row: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    yield row | _names(resource)
    for name in resource.subresources:
        found = subresource_of(resource, name)
        foreign = {"group": found.group, "version": found.version} if found.group else {}
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **foreign,
            "kind": found.kind or resource.kind,
            "verbs": list(found.verbs),
        }


def _names(resource: Resource) -> dict[str, list[str]]:
    named = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    return {key: value for key, value in named.items() if value}


def aggregated(catalog: Catalog, *, core: bool) -> Obj:
    """Return the aggregated answer of ``/api`` (``core``) or ``/apis``."""
    names = [""] if core else _groups(catalog)
    items = [_aggregated_group(catalog, name) for name in names]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_group(catalog: Catalog, name: str) -> Obj:
    versions = [
        {
            "version": version,
            "resources": [_aggregated_resource(entry) for entry in _served(catalog, name, version)],
            "freshness": "Current",
        }
        for found, version in group_versions(catalog)
        if found == name
    ]
    return {"metadata": {"name": name} if name else {}, "versions": versions}


def _aggregated_resource(resource: Resource) -> Obj:
    row: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _response_kind(resource.kind),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
        **_names(resource),
    }
    if resource.subresources:
        row["subresources"] = [_aggregated_subresource(resource, name) for name in resource.subresources]
    return row


def _aggregated_subresource(resource: Resource, name: str) -> Obj:
    found = subresource_of(resource, name)
    kind = _response_kind(found.kind or resource.kind, found.group, found.version)
    return {"subresource": name, "responseKind": kind, "verbs": list(found.verbs)}


def _response_kind(kind: str, group_name: str = "", version: str = "") -> Obj:
    return {"group": group_name, "version": version, "kind": kind}
