"""What a URL's path asks for (k8s.io/apiserver/pkg/endpoints/request)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from k8slab.kube.resources import Catalog, Resource


@dataclass(frozen=True, slots=True)
class Target:
    """A collection (no name), an object, or a part of it. ``rest`` is the path behind a ``proxy`` subresource."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def target_of(catalog: Catalog, raw_path: str) -> Target | None:
    """Return what a path below ``/api`` or ``/apis`` names, or None when nothing of the sort is served."""
    parts = [unquote(part) for part in raw_path.strip("/").split("/")]
    group, version, rest = _group_version(parts)
    if not rest:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):  # noqa: PLR2004
        namespace, rest = rest[1], rest[2:]
    resource = catalog.served(group, version, rest[0])
    if resource is None or (namespace and not resource.namespaced):
        return None
    name, subresource = [*rest[1:3], "", ""][:2]
    if subresource and subresource not in resource.subresources:
        return None
    return Target(resource, namespace, name, subresource, "/".join(rest[3:]))


def _group_version(parts: list[str]) -> tuple[str, str, list[str]]:
    if parts[0] == "api":
        return "", parts[1] if len(parts) > 1 else "", parts[2:]
    if len(parts) > 3:  # noqa: PLR2004 - apis, group, version, resource
        return parts[1], parts[2], parts[3:]
    return "", "", []
