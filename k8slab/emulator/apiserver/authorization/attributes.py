"""What a request wants to do, read from its method and URL (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from k8slab.kube.rbac import Attributes

_VERBS: Mapping[str, str] = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NAMESPACE_PARTS = ("status", "finalize")
_PREFIXES = {"api": 1, "apis": 2}
_ONE_NAME = re.compile(r"(?:^|,)metadata\.name==?([^,!=]+)")


def attributes_of(method: str, raw_path: str, query: Mapping[str, str]) -> Attributes:
    """Return what is wanted; paths below no API group version are themselves what is asked for."""
    parts = [unquote(part) for part in raw_path.strip("/").split("/")]
    head = _PREFIXES.get(parts[0], len(parts)) + 1
    if len(parts) <= head:
        return Attributes(method.lower(), path=unquote(raw_path))
    group, rest = ("" if parts[0] == "api" else parts[1]), parts[head:]
    verb = _VERBS.get(method, "")
    if rest[0] == "watch" and len(rest) > 1:
        verb, rest = "watch", rest[1:]
    namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 1 else ""
    if namespace and len(rest) > 2 and rest[2] not in _NAMESPACE_PARTS:  # noqa: PLR2004 - a resource below it
        rest = rest[2:]
    resource, name, subresource = [*rest[:3], "", ""][:3]
    if not name:
        verb, name = _of_collection(verb, query)
    return Attributes(verb, group, resource, subresource, namespace, name)


def _of_collection(verb: str, query: Mapping[str, str]) -> tuple[str, str]:
    if verb == "delete":
        return "deletecollection", ""
    if verb not in ("get", "watch"):
        return verb, ""
    watching = verb == "watch" or query.get("watch", "false").lower() not in ("false", "0")
    # A selector that means one object counts as its name, so that resourceNames can allow it.
    found = _ONE_NAME.search(query.get("fieldSelector", ""))
    return ("watch" if watching else "list"), found[1] if found else ""
