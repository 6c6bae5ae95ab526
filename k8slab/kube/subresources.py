"""What discovery says of subresources: one row each. A name that stands alone is the same for every resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k8slab.kube.resources import Resource

_CHANGE = ("get", "patch", "update")
_PROXY = ("create", "delete", "get", "patch", "update")


@dataclass(frozen=True, slots=True)
class Subresource:
    """The kind that a subresource takes or gives; an empty kind stands for the resource's own."""

    verbs: tuple[str, ...]
    kind: str = ""
    group: str = ""
    version: str = ""


_ROWS: Mapping[str, Subresource] = {
    "status": Subresource(_CHANGE),
    "scale": Subresource(_CHANGE, "Scale", "autoscaling", "v1"),
    "finalize": Subresource(("update",)),
    "binding": Subresource(("create",), "Binding"),
    "eviction": Subresource(("create",), "Eviction", "policy", "v1"),
    "ephemeralcontainers": Subresource(_CHANGE),
    "resize": Subresource(_CHANGE),
    "approval": Subresource(_CHANGE),
    "log": Subresource(("get",)),
    "token": Subresource(("create",), "TokenRequest", "authentication.k8s.io", "v1"),
    "pods/attach": Subresource(("create", "get"), "PodAttachOptions"),
    "pods/exec": Subresource(("create", "get"), "PodExecOptions"),
    "pods/portforward": Subresource(("create", "get"), "PodPortForwardOptions"),
    "pods/proxy": Subresource(_PROXY, "PodProxyOptions"),
    "services/proxy": Subresource(_PROXY, "ServiceProxyOptions"),
    "nodes/proxy": Subresource(_PROXY, "NodeProxyOptions"),
}


def subresource_of(resource: Resource, name: str) -> Subresource:
    """Return the row of a resource's subresource; raises ``KeyError``."""
    return _ROWS.get(f"{resource.plural}/{name}") or _ROWS[name]
