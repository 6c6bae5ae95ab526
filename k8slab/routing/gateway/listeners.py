"""Listeners of Gateways: which ones can be served, and what their statuses say (gw:apis/v1/gateway_types.go)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from k8slab.kube.gateway import GROUP
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.routing.gateway.conditions import condition
from k8slab.routing.gateway.world import Reference, World, is_permitted

_PROTOCOLS = ("HTTP", "HTTPS")
_KIND = "HTTPRoute"


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener of a Gateway of ours; ``problem`` of its conditions is (type, reason, message) or None.

    ``accepts`` tells whether HTTPRoutes may attach, ``secret`` is the certificate's ``(namespace, name)``.
    """

    gateway: Obj
    spec: Obj
    refused: tuple[str, str] | None = None
    unresolved: tuple[str, str] | None = None
    conflict: tuple[str, str] | None = None
    accepts: bool = True
    secret: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """Return the listener's name."""
        return str(self.spec["name"])

    @property
    def port(self) -> int:
        """Return the port that clients name."""
        return int(self.spec["port"])

    @property
    def hostname(self) -> str:
        """Return the hostname in lower case; empty for all."""
        return str(self.spec.get("hostname") or "").lower()

    @property
    def is_tls(self) -> bool:
        """Tell whether it speaks TLS."""
        return bool(self.spec["protocol"] == "HTTPS")

    @property
    def works(self) -> bool:
        """Tell whether it can be served."""
        return not self.refused and not self.conflict and self.accepts and (not self.is_tls or self.secret is not None)

    @property
    def key(self) -> str:
        """Return a name that no other listener has."""
        return f"{namespace_of(self.gateway)}/{name_of(self.gateway)}/{self.name}"

    def conditions(self) -> list[Obj]:
        """Return its conditions, without times."""
        programmed = condition("Programmed", "Programmed") if self.works else condition(
            "Programmed", "Invalid", "the listener is not served", good=False)  # fmt: skip
        conflict = self.conflict
        return [
            _found("Accepted", self.refused or conflict, "Accepted"),
            programmed,
            _found("ResolvedRefs", self.unresolved, "ResolvedRefs"),
            condition("Conflicted", *conflict) if conflict else condition("Conflicted", "NoConflicts", good=False),
        ]

    def supported_kinds(self) -> list[Obj]:
        """Return the kinds of routes that may attach."""
        return [{"group": GROUP, "kind": _KIND}] if self.accepts and not self.refused else []


def _found(kind: str, problem: tuple[str, str] | None, reason: str) -> Obj:
    return condition(kind, *problem, good=False) if problem else condition(kind, reason)


def listeners_of(gateway: Obj, world: World) -> list[Listener]:
    """Return the listeners of a Gateway in their order."""
    protocols: dict[int, str] = {}
    return [_judged(gateway, spec, protocols, world) for spec in dig(gateway, "spec", "listeners", default=[])]


def _judged(gateway: Obj, spec: Obj, protocols: dict[int, str], world: World) -> Listener:
    protocol = str(spec["protocol"])
    if protocol not in _PROTOCOLS:
        why = f"this controller serves {' and '.join(_PROTOCOLS)}, not {protocol}"
        return Listener(gateway, spec, refused=("UnsupportedProtocol", why), accepts=False)
    first = protocols.setdefault(int(spec["port"]), protocol)
    conflict = ("ProtocolConflict", f"another listener speaks {first} on port {spec['port']}")
    accepts, unresolved = _kinds(spec)
    secret = None
    if protocol == "HTTPS":
        secret, problem = _certificate(gateway, spec, world)
        unresolved = unresolved or problem
    return Listener(gateway, spec, None, unresolved, conflict if first != protocol else None, accepts, secret)


def _kinds(spec: Obj) -> tuple[bool, tuple[str, str] | None]:
    named = dig(spec, "allowedRoutes", "kinds", default=[]) or [{"kind": _KIND}]
    ours = [entry for entry in named if (entry.get("group", GROUP), entry.get("kind")) == (GROUP, _KIND)]
    wrong = [str(entry.get("kind")) for entry in named if entry not in ours]
    problem = ("InvalidRouteKinds", f"not served: {', '.join(wrong)}") if wrong else None
    return bool(ours), problem


def _certificate(gateway: Obj, spec: Obj, world: World) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Return the first certificate that can be used, and the first problem."""
    if dig(spec, "tls", "mode", default="Terminate") != "Terminate":
        return None, ("InvalidCertificateRef", "an HTTPS listener of this controller has mode Terminate")
    problems, found = [], None
    for reference in _references(gateway, spec):
        problem = _problem(gateway, reference, world)
        if problem:
            problems.append(problem)
        elif found is None:
            found = (reference.namespace, reference.name)
    if found is None and not problems:
        problems.append(("InvalidCertificateRef", "tls.certificateRefs names no Secret"))
    return found, problems[0] if problems else None


def _references(gateway: Obj, spec: Obj) -> Iterator[Reference]:
    for entry in dig(spec, "tls", "certificateRefs", default=[]):
        namespace = entry.get("namespace") or namespace_of(gateway)
        yield Reference(entry.get("group") or "", entry.get("kind") or "Secret", namespace, entry["name"])


def _problem(gateway: Obj, reference: Reference, world: World) -> tuple[str, str] | None:
    where = f"{reference.namespace}/{reference.name}"
    if (reference.group, reference.kind) != ("", "Secret"):
        return "InvalidCertificateRef", f"{reference.kind} {where} is no Secret"
    if not is_permitted(world.grants, "Gateway", namespace_of(gateway), reference):
        return "RefNotPermitted", f"no ReferenceGrant in {reference.namespace} lets Gateways name Secret {where}"
    if not world.usable(reference.namespace, reference.name):
        return "InvalidCertificateRef", f"Secret {where} is missing or holds no certificate with its key"
    return None
