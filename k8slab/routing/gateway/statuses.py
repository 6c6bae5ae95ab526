"""What the statuses of GatewayClasses, Gateways and HTTPRoutes say, in the specification's words."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.routing.gateway.conditions import condition, dated
from k8slab.routing.gateway.listeners import Listener
from k8slab.routing.gateway.table import Judged, Table
from k8slab.routing.gateway.world import CONTROLLER

# Names of the specification's own list (gw:pkg/features).
FEATURES = (
    "Gateway", "HTTPRoute", "HTTPRouteBackendRequestHeaderModification", "HTTPRouteBackendTimeout",
    "HTTPRouteHostRewrite", "HTTPRouteMethodMatching", "HTTPRouteParentRefPort", "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite", "HTTPRoutePortRedirect", "HTTPRouteQueryParamMatching", "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors", "HTTPRouteRequestPercentageMirror", "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification", "HTTPRouteSchemeRedirect", "ReferenceGrant",
)  # fmt: skip


def class_status(entry: Obj, now: str) -> Obj:
    """Return the status of a GatewayClass of ours."""
    given = dig(entry, "status", "conditions", default=[])
    found = dated([condition("Accepted", "Accepted")], given, _generation(entry), now)
    return {"conditions": found, "supportedFeatures": [{"name": name} for name in FEATURES]}


def gateway_status(gateway: Obj, table: Table, addresses: Sequence[str], now: str) -> Obj:
    """Return the status of a Gateway of ours, which is reached at the addresses."""
    ours = [entry for entry in table.listeners if entry.gateway is gateway]
    status = gateway.get("status") or {}
    working = any(entry.works for entry in ours)
    wrong = [entry.name for entry in ours if not entry.works]
    told = f"not served: {', '.join(wrong)}" if wrong else ""
    accepted = condition("Accepted", "ListenersNotValid" if wrong else "Accepted", told, good=working)
    programmed = (
        condition("Programmed", "Programmed") if working and addresses
        else condition("Programmed", "AddressNotAssigned" if working else "Invalid", told, good=False)
    )  # fmt: skip
    found = dated([accepted, programmed], status.get("conditions") or [], _generation(gateway), now)
    known = {entry.get("name"): entry for entry in status.get("listeners") or ()}
    return {
        "addresses": [{"type": "IPAddress", "value": address} for address in addresses],
        "conditions": found,
        "listeners": [_listener(entry, table, known.get(entry.name) or {}, now) for entry in ours],
    }


def _listener(listener: Listener, table: Table, before: Obj, now: str) -> Obj:
    given = before.get("conditions") or []
    return {
        "name": listener.name, "supportedKinds": listener.supported_kinds(),
        "attachedRoutes": table.attached[listener.key],
        "conditions": dated(listener.conditions(), given, _generation(listener.gateway), now),
    }  # fmt: skip


def route_status(judged: Judged, now: str) -> Obj:
    """Return the status of an HTTPRoute: what others wrote stays, ours stands at its end."""
    given = dig(judged.route, "status", "parents", default=[])
    return {"parents": [*_others(given), *_ours(judged, given, now)]}


def without_parents(route: Obj) -> Obj:
    """Return the status of a route that names no Gateway of ours."""
    return {"parents": _others(dig(route, "status", "parents", default=[]))}


def _others(given: Sequence[Obj]) -> list[Obj]:
    return [entry for entry in given if entry.get("controllerName") != CONTROLLER]


def _ours(judged: Judged, given: Sequence[Obj], now: str) -> list[Obj]:
    known = [entry for entry in given if entry.get("controllerName") == CONTROLLER]
    found = []
    for attachment in judged.attached:
        same = [entry for entry in known if entry.get("parentRef") == attachment.parent]
        before: list[Obj] = same[0]["conditions"] if same else []
        wanted = _conditions(judged, attachment.problem)
        found.append({
            "parentRef": attachment.parent, "controllerName": CONTROLLER,
            "conditions": dated(wanted, before, _generation(judged.route), now),
        })  # fmt: skip
    return found


def _conditions(judged: Judged, problem: tuple[str, str] | None) -> list[Obj]:
    dropped = "; ".join(judged.found.dropped)
    problem = problem or (("UnsupportedValue", dropped) if judged.found.whole else None)
    unresolved = judged.found.unresolved
    found = [
        condition("Accepted", *problem, good=False) if problem else condition("Accepted", "Accepted"),
        condition("ResolvedRefs", *unresolved, good=False) if unresolved else condition("ResolvedRefs", "ResolvedRefs"),
    ]
    if dropped and not problem:
        found.append(condition("PartiallyInvalid", "UnsupportedValue", f"Dropped Rule: {dropped}"))
    return found


def _generation(obj: Obj) -> int:
    return int(obj["metadata"].get("generation") or 0)


def where(obj: Obj) -> str:
    """Return ``namespace/name``."""
    return f"{namespace_of(obj)}/{name_of(obj)}"
