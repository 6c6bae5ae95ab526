"""Which pods stand behind a Service's port: pure, over the objects (k8s.io/kubernetes/pkg/proxy)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from k8slab.kube.objects import Obj, dig, labels_of, name_of

SERVICE_LABEL = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that a connection may go to."""

    address: str
    port: int


def port_of(service: Obj, port: int, field: str = "port") -> Obj | None:
    """Return the Service's TCP port entry with that ``port`` (or ``nodePort``)."""
    entries = dig(service, "spec", "ports", default=[])
    return next((e for e in entries if e.get(field) == port and e.get("protocol", "TCP") == "TCP"), None)


def slices_of(service: Obj, slices: Iterable[Obj]) -> list[Obj]:
    """Return the EndpointSlices of a Service among those of its namespace."""
    return [entry for entry in slices if labels_of(entry).get(SERVICE_LABEL) == name_of(service)]


def endpoints_of(slices: Iterable[Obj], port_name: str) -> list[Endpoint]:
    """Return the endpoints for a port: the ready ones, else those that still serve while they terminate."""
    slices = list(slices)
    ready = list(_endpoints(slices, port_name, "ready"))
    return ready or list(_endpoints(slices, port_name, "serving"))


def _endpoints(slices: Iterable[Obj], port_name: str, condition: str) -> Iterator[Endpoint]:
    for entry in slices:
        ports = [port for port in entry.get("ports") or [] if (port.get("name") or "") == port_name]
        for endpoint in entry.get("endpoints") or []:
            if _holds(endpoint, condition):
                yield from (Endpoint(endpoint["addresses"][0], port["port"]) for port in ports if port.get("port"))


def _holds(endpoint: Obj, condition: str) -> bool:
    conditions = endpoint.get("conditions") or {}
    if condition == "ready":
        return conditions.get("ready") is not False
    return conditions.get("serving") is not False and bool(conditions.get("terminating"))
