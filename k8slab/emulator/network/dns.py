"""Names in the cluster: pure, over a view of the objects.

The rules are those of github.com/kubernetes/dns, docs/specification.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Protocol

from k8slab.kube.objects import Obj, dig

ZONE = "cluster.local"
# What the kubelet writes into a pod's resolv.conf.
NDOTS = 5


class Records(Protocol):
    """The objects that names come from."""

    def service(self, namespace: str, name: str) -> Obj | None:
        """Return a Service."""
        ...

    def slices(self, service: Obj) -> list[Obj]:
        """Return the EndpointSlices of a Service."""
        ...


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def search_domains(namespace: str, extra: Sequence[str] = ()) -> list[str]:
    """Return the domains that a pod's short names are tried in, in order."""
    return [f"{namespace}.svc.{ZONE}", f"svc.{ZONE}", ZONE, *extra]


def candidates(name: str, domains: Sequence[str]) -> list[str]:
    """Return the full names that a resolver asks for, in order (resolv.conf(5), ``ndots``)."""
    lowered = name.lower()
    if lowered.endswith("."):
        return [lowered[:-1]]
    qualified = [f"{lowered}.{domain}" for domain in domains]
    return [*qualified, lowered] if lowered.count(".") < NDOTS else [lowered, *qualified]


def lookup(records: Records, full_name: str) -> list[str]:
    """Return the addresses of a full name; an empty list when there is no such name."""
    if not full_name.endswith(f".{ZONE}"):
        return []
    labels = full_name.removesuffix(f".{ZONE}").split(".")
    if labels[-1] == "svc":
        return _service(records, labels[:-1])
    if labels[-1] == "pod" and len(labels) == 3:  # noqa: PLR2004 - address, namespace, pod
        return _pod(labels[0])
    return []


def _pod(dashed: str) -> list[str]:
    address = dashed.replace("-", ".")
    return [address] if is_address(address) else []


def _service(records: Records, labels: Sequence[str]) -> list[str]:
    if len(labels) not in (2, 3):
        return []
    hostname = labels[0] if len(labels) == 3 else ""  # noqa: PLR2004 - a pod's own name before the Service's
    service = records.service(labels[-1], labels[-2])
    if service is None:
        return []
    address = dig(service, "spec", "clusterIP", default="")
    if address and address != "None" and not hostname:
        return [address]
    found = [
        (endpoint_name(endpoint), address)
        for part in records.slices(service)
        for endpoint in part.get("endpoints") or []
        if is_published(service, endpoint)
        for address in endpoint.get("addresses") or []
    ]
    return list(dict.fromkeys(address for label, address in found if hostname in ("", label)))


def endpoint_name(endpoint: Obj) -> str:
    """Return the label of an endpoint below its Service's name: its host name, or its address with dashes."""
    addresses = endpoint.get("addresses") or [""]
    return str(endpoint.get("hostname") or addresses[0].replace(".", "-").replace(":", "-"))


def is_published(service: Obj, endpoint: Obj) -> bool:
    """Tell whether the name server gives an endpoint: a ready one, or any where the Service says so."""
    ready = (endpoint.get("conditions") or {}).get("ready") is not False
    return ready or bool(dig(service, "spec", "publishNotReadyAddresses"))


def external_name(records: Records, full_name: str) -> str:
    """Return the name that an ExternalName Service stands for, or an empty text."""
    labels = full_name.removesuffix(f".svc.{ZONE}").split(".")
    if len(labels) != 2 or not full_name.endswith(f".svc.{ZONE}"):  # noqa: PLR2004
        return ""
    service = records.service(labels[1], labels[0])
    return str(dig(service, "spec", "externalName", default="")) if service else ""
