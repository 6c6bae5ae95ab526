"""What the Gateway API's rules look at: one picture of the objects, and the words that all parts use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from k8slab.kube.gateway import GROUP
from k8slab.kube.objects import Obj, dig, namespace_of

CONTROLLER = "k8slab.dev/gateway-controller"


@dataclass(frozen=True, slots=True)
class World:
    """The objects; ``service`` and ``usable`` take a namespace and a name.

    ``usable`` tells whether a Secret holds a certificate with its key, ``labels`` are those of namespaces.
    """

    classes: Sequence[Obj] = ()
    gateways: Sequence[Obj] = ()
    routes: Sequence[Obj] = ()
    grants: Sequence[Obj] = ()
    labels: Mapping[str, Mapping[str, str]] | None = None
    service: Callable[[str, str], Obj | None] = lambda _namespace, _name: None
    usable: Callable[[str, str], bool] = lambda _namespace, _name: False

    def our_classes(self) -> list[Obj]:
        """Return the GatewayClasses that name our controller."""
        return [entry for entry in self.classes if dig(entry, "spec", "controllerName") == CONTROLLER]

    def our_gateways(self) -> list[Obj]:
        """Return the Gateways of our classes, the oldest first."""
        names = {entry["metadata"]["name"] for entry in self.our_classes()}
        return sorted((entry for entry in self.gateways if dig(entry, "spec", "gatewayClassName") in names), key=age)


def age(obj: Obj) -> tuple[str, str, str]:
    """Return what decides between equals: creation time, then ``namespace/name`` in alphabetical order."""
    meta = obj["metadata"]
    return str(meta.get("creationTimestamp") or ""), namespace_of(obj), str(meta["name"])


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that is named; the group is empty for core."""

    group: str
    kind: str
    namespace: str
    name: str


def is_permitted(grants: Sequence[Obj], kind: str, namespace: str, target: Reference) -> bool:
    """Tell whether an object of the Gateway API's ``kind`` in ``namespace`` may name the target.

    Within a namespace always; across namespaces by a ReferenceGrant that lies in the target's (GEP-709).
    """
    if namespace == target.namespace:
        return True
    origin = (GROUP, kind, namespace)
    return any(
        namespace_of(grant) == target.namespace
        and any(_from(entry) == origin for entry in dig(grant, "spec", "from", default=[]))
        and any(_covers(entry, target) for entry in dig(grant, "spec", "to", default=[]))
        for grant in grants
    )


def _from(entry: Obj) -> tuple[str, str, str]:
    return str(entry.get("group", "")), str(entry.get("kind", "")), str(entry.get("namespace", ""))


def _covers(entry: Obj, target: Reference) -> bool:
    same = (entry.get("group") or "", entry.get("kind")) == (target.group, target.kind)
    return same and entry.get("name") in (None, "", target.name)
