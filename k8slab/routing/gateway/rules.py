"""Rules of HTTPRoutes: matches, filters, backends with references resolved (gw:apis/v1/httproute_types.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.routing.gateway.world import Reference, World, is_permitted
from k8slab.routing.model import Backend, Owner

_FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "RequestMirror")
_BACKEND_FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier")
Problem = tuple[str, str]
# What shares of requests are parts of.
ALL = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """What a header modifier does; names keep their case."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A backend of a rule; ``backend`` is None for one that cannot be reached: its share of requests answers 500."""

    backend: Backend | None
    weight: int
    request: tuple[Changes, ...] = ()
    response: tuple[Changes, ...] = ()


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where copies go, and how many of a thousand requests are copied."""

    backend: Backend
    share: int = ALL


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``redirect`` and ``rewrite`` are the filters' own fields; ``timeout`` is in seconds, 0 for none."""

    owner: Owner
    number: int
    matches: tuple[Obj, ...]
    targets: tuple[Target, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    request: tuple[Changes, ...] = ()
    response: tuple[Changes, ...] = ()
    redirect: Mapping[str, object] | None = None
    rewrite: Mapping[str, object] | None = None
    timeout: float = 0.0


@dataclass(frozen=True, slots=True)
class RouteRules:
    """The rules of a route that are served; ``dropped`` says what is wrong with others, ``unresolved`` with backends.

    ``whole`` tells that none can be served.
    """

    rules: tuple[Rule, ...] = ()
    dropped: tuple[str, ...] = ()
    unresolved: Problem | None = None
    whole: bool = field(default=False)


def rules_of(route: Obj, world: World) -> RouteRules:
    """Return a route's rules; ``whole`` tells that none of them can be served."""
    made: list[Rule] = []
    dropped: list[str] = []
    problems: list[Problem] = []
    specs = dig(route, "spec", "rules", default=[])
    for number, spec in enumerate(specs):
        broken = _unsupported(spec)
        if broken:
            dropped.append(f"rule {number}: {broken}")
        else:
            made.append(_rule(route, number, spec, world, problems))
    return RouteRules(tuple(made), tuple(dropped), problems[0] if problems else None, bool(specs) and not made)


def _unsupported(spec: Obj) -> str:
    """Return what of a rule this controller does not serve."""
    for entry in spec.get("filters") or ():
        if entry["type"] not in _FILTERS:
            return f"the filter {entry['type']} is not served"
    for reference in spec.get("backendRefs") or ():
        for entry in reference.get("filters") or ():
            if entry["type"] not in _BACKEND_FILTERS:
                return f"the filter {entry['type']} of a backend is not served"
    return next((found for match in spec.get("matches") or () if (found := _bad_pattern(match))), "")


def _bad_pattern(match: Obj) -> str:
    parts = [match.get("path") or {}, *(match.get("headers") or ()), *(match.get("queryParams") or ())]
    for part in parts:
        if part.get("type") == "RegularExpression":
            try:
                re.compile(str(part.get("value", "")))
            except re.error as error:
                return f"{part.get('value')!r} is no regular expression: {error}"
    return ""


def _rule(route: Obj, number: int, spec: Obj, world: World, problems: list[Problem]) -> Rule:
    owner = Owner(namespace_of(route), name_of(route), str(route["metadata"].get("uid", "")))
    filters = spec.get("filters") or []
    return Rule(
        owner, number, tuple(spec.get("matches") or ({},)),
        tuple(_target(route, entry, world, problems) for entry in spec.get("backendRefs") or ()),
        tuple(_mirrors(route, filters, world, problems)),
        tuple(_changes(filters, "requestHeaderModifier")), tuple(_changes(filters, "responseHeaderModifier")),
        _only(filters, "requestRedirect"), _only(filters, "urlRewrite"),
        _timeout(spec.get("timeouts") or {}),
    )  # fmt: skip


def _only(filters: list[Obj], name: str) -> Obj | None:
    return next((entry.get(name) or {} for entry in filters if entry["type"].lower() == name.lower()), None)


def _changes(filters: list[Obj], name: str) -> Iterator[Changes]:
    for entry in filters:
        found = entry.get(name)
        if found:
            pairs = ((part["name"], part["value"]) for part in found.get("set") or ())
            more = ((part["name"], part["value"]) for part in found.get("add") or ())
            yield Changes(tuple(pairs), tuple(more), tuple(found.get("remove") or ()))


def _target(route: Obj, entry: Obj, world: World, problems: list[Problem]) -> Target:
    filters = entry.get("filters") or []
    weight = entry.get("weight")
    return Target(
        resolved(route, entry, world, problems), 1 if weight is None else int(weight),
        tuple(_changes(filters, "requestHeaderModifier")), tuple(_changes(filters, "responseHeaderModifier")),
    )  # fmt: skip


def _mirrors(route: Obj, filters: list[Obj], world: World, problems: list[Problem]) -> Iterator[Mirror]:
    for entry in filters:
        found = entry.get("requestMirror")
        backend = resolved(route, found["backendRef"], world, problems) if found else None
        if found and backend:
            part = found.get("fraction") or {"numerator": found.get("percent", 100), "denominator": 100}
            yield Mirror(backend, round(ALL * part["numerator"] / (part.get("denominator") or 100)))


def resolved(route: Obj, entry: Obj, world: World, problems: list[Problem]) -> Backend | None:
    """Return the Service port that a route names, or None and note the reason."""
    namespace, port = entry.get("namespace") or namespace_of(route), entry.get("port")
    target = Reference(entry.get("group") or "", entry.get("kind") or "Service", namespace, entry["name"])
    where = f"{target.kind} {namespace}/{target.name}"
    if (target.group, target.kind) != ("", "Service"):
        problems.append(("InvalidKind", f"{where}: a backend of this controller is a Service"))
    elif not is_permitted(world.grants, "HTTPRoute", namespace_of(route), target):
        why = f"no ReferenceGrant in {namespace} lets HTTPRoutes of {namespace_of(route)} name {where}"
        problems.append(("RefNotPermitted", why))
    else:
        service = world.service(namespace, target.name)
        if service is not None and any(part.get("port") == port for part in dig(service, "spec", "ports", default=[])):
            return Backend(namespace, target.name, int(port or 0))
        why = f"{where} has no port {port}" if service is not None else f"{where} does not exist"
        problems.append(("BackendNotFound", why))
    return None


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def _timeout(spec: Mapping[str, str]) -> float:
    """Return the shorter timeout that is set (GEP-2257 durations); 0 stands for none."""
    given = [seconds(text) for text in (spec.get("request"), spec.get("backendRequest")) if text]
    return min((found for found in given if found), default=0.0)


def seconds(text: str) -> float:
    """Return a duration such as ``1h30m`` or ``500ms`` in seconds."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|h|m|s)", text))
