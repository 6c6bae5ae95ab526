"""Which address a URL is sent to: lesson domains go to the ingress, NodePorts to where the provider serves them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from k8slab.errors import ClusterError, CommandError
from k8slab.snapshot import Snapshot
from k8slab.snapshot.gateway_doors import gateway_doors
from k8slab.snapshot.ingress_doors import PORTS, controller_pods, doors, ingresses_for, is_lesson_domain

NODE_PORTS = range(30000, 32768)
LOCAL = ("127.0.0.1", "localhost", "::1")
# Where a port of the node is served on this machine; raises ``ClusterError``.
Reach = Callable[[int], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Target:
    """The address to connect to; ``note`` says what was resolved differently from what DNS would say."""

    host: str
    port: int
    note: str = ""


def resolve(scheme: str, host: str, port: int, snapshot: Callable[[], Snapshot], reach: Reach) -> Target:
    """Return where to connect to for a URL; the picture is taken only when the name asks for it.

    Raises ``CommandError`` when the domain is the ingress's and there is no way in.
    """
    if host in LOCAL and port in NODE_PORTS:
        return Target(*reach(port))
    no_domain = "." not in host or host.replace(".", "").isdigit()
    if port not in PORTS.values() if host in LOCAL else no_domain:
        return Target(host, port)
    picture = snapshot()
    led = gateway_entry(picture, scheme, host, reach)
    if led is not None and port in PORTS.values():
        return Target(*led, f"{host}:{port} is a Gateway's: resolved to {led[0]}:{led[1]}")
    if host not in LOCAL and not is_lesson_domain(picture, host):
        return Target(host, port)
    found = entry(picture, scheme if port in PORTS.values() else _scheme_of_door(picture, port), reach)
    if found is None:
        if host in LOCAL:
            return Target(host, port)
        raise _no_way_in(picture, host)
    return Target(*found, f"{host}:{port} is the ingress controller's: resolved to {found[0]}:{found[1]}")


def entry(snapshot: Snapshot, scheme: str, reach: Reach) -> tuple[str, int] | None:
    """Return where the ingress controller is reached from this machine, or None."""
    for door in doors(snapshot, scheme):
        try:
            return reach(door.port)
        except ClusterError:
            continue
    return None


def gateway_entry(snapshot: Snapshot, scheme: str, host: str, reach: Reach) -> tuple[str, int] | None:
    """Return where the Gateway of a host's HTTPRoutes is reached, or None; a host of an Ingress is the Ingress's."""
    if ingresses_for(snapshot, host):
        return None
    for door in gateway_doors(snapshot, scheme, host):
        with contextlib.suppress(ClusterError):
            return reach(door.port)
    return None


def _scheme_of_door(snapshot: Snapshot, port: int) -> str:
    return next((scheme for scheme in PORTS if any(door.port == port for door in doors(snapshot, scheme))), "")


def _no_way_in(snapshot: Snapshot, host: str) -> CommandError:
    named = ingresses_for(snapshot, host)
    what = f"{host} is a host of Ingress {named[0]['metadata']['name']}" if named else f"{host} is a lesson's domain"
    if not controller_pods(snapshot):
        return CommandError(
            f"curl: (6) {what}, but no ingress controller runs in this cluster.",
            "Install one: %lab install ingress-nginx",
            6,
        )
    return CommandError(
        f"curl: (7) {what}, but the ingress controller has no port that this machine reaches.",
        "Look at its Service and its host ports: %kubectl get service,pods -n ingress-nginx -o wide",
        7,
    )
