"""Where requests for the hosts of HTTPRoutes enter the cluster: pure, over a picture that may hold the routes."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.kube.gateway import GATEWAY_NAME, HTTP_ROUTES
from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of
from k8slab.kube.resources import SERVICES
from k8slab.snapshot.ingress_doors import PORTS, Door
from k8slab.snapshot.picture import Snapshot


def gateway_services(snapshot: Snapshot) -> tuple[Obj, ...]:
    """Return the Services in front of Gateways."""
    return tuple(entry for entry in snapshot.everywhere(SERVICES) if GATEWAY_NAME in labels_of(entry))


def routes_for(snapshot: Snapshot, host: str) -> list[Obj]:
    """Return the HTTPRoutes that name a host, itself or by a wildcard (one or more labels)."""
    wanted = host.lower().rstrip(".")
    return [
        route for route in snapshot.everywhere(HTTP_ROUTES)
        if any(_covers(str(name).lower(), wanted) for name in dig(route, "spec", "hostnames", default=[]))
    ]  # fmt: skip


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.endswith(name[1:]) and len(host) >= len(name))


def gateway_doors(snapshot: Snapshot, scheme: str, host: str) -> Iterator[Door]:
    """Yield the node ports of the Gateways that the host's routes name."""
    names = {
        str(parent["name"]) for route in routes_for(snapshot, host)
        for parent in dig(route, "spec", "parentRefs", default=[])
    }  # fmt: skip
    for service in gateway_services(snapshot):
        if labels_of(service)[GATEWAY_NAME] in names:
            for port in dig(service, "spec", "ports", default=[]):
                if port.get("nodePort") and (port.get("appProtocol") == scheme or port.get("port") == PORTS[scheme]):
                    owner = f"{namespace_of(service)}/{name_of(service)}"
                    yield Door(scheme, int(port["nodePort"]), "nodePort", owner)
