"""Which listeners a route attaches to, and why to none (gw:apis/v1/shared_types.go, RouteConditionReason)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from k8slab.kube.gateway import GROUP
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.selectors import label_selector_of
from k8slab.routing.gateway.hostnames import intersection
from k8slab.routing.gateway.listeners import Listener
from k8slab.routing.gateway.world import World


@dataclass(frozen=True, slots=True)
class Attachment:
    """One parentRef of a route: the listeners with the hostnames there, or the reason that there are none."""

    parent: Obj
    listeners: tuple[tuple[Listener, tuple[str, ...]], ...] = field(default=())
    problem: tuple[str, str] | None = None


def attachments(route: Obj, listeners: Iterable[Listener], world: World) -> list[Attachment]:
    """Return the attachments of a route, for the parents that are Gateways of ours."""
    known = list(listeners)
    found = []
    for parent in dig(route, "spec", "parentRefs", default=[]):
        ours = [entry for entry in known if _is_of(entry, parent, route)]
        if ours:
            found.append(_attached(route, parent, ours, world))
    return found


def _is_of(listener: Listener, parent: Obj, route: Obj) -> bool:
    kind = (parent.get("group", GROUP), parent.get("kind", "Gateway"))
    where = (parent.get("namespace") or namespace_of(route), parent["name"])
    return kind == (GROUP, "Gateway") and where == (namespace_of(listener.gateway), name_of(listener.gateway))


def _attached(route: Obj, parent: Obj, ours: Sequence[Listener], world: World) -> Attachment:
    named = [entry for entry in ours if parent.get("sectionName") in (None, "", entry.name)
             and parent.get("port") in (None, entry.port)]  # fmt: skip
    if not named:
        return Attachment(parent, problem=("NoMatchingParent", "the Gateway has no listener of this name and port"))
    allowed = [entry for entry in named if entry.accepts and _allows(entry, namespace_of(route), world)]
    if not allowed:
        why = "no listener allows routes of this kind from this namespace (allowedRoutes)"
        return Attachment(parent, problem=("NotAllowedByListeners", why))
    wanted = [str(host).lower() for host in dig(route, "spec", "hostnames", default=[])]
    meeting = [(entry, tuple(intersection(entry.hostname, wanted))) for entry in allowed]
    found = tuple((entry, hosts) for entry, hosts in meeting if hosts)
    if not found:
        why = f"no listener has a hostname in common with {', '.join(wanted)}"
        return Attachment(parent, problem=("NoMatchingListenerHostname", why))
    return Attachment(parent, found)


def _allows(listener: Listener, namespace: str, world: World) -> bool:
    rule = dig(listener.spec, "allowedRoutes", "namespaces", default={})
    origin = rule.get("from") or "Same"
    if origin == "Selector":
        selector = label_selector_of(rule.get("selector"))
        return selector.matches((world.labels or {}).get(namespace) or {})
    return bool(origin == "All" or (origin == "Same" and namespace == namespace_of(listener.gateway)))
