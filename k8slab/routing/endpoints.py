"""Which addresses stand behind a Service port (ing:internal/ingress/controller/endpointslices.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from k8slab.kube.objects import Obj, dig, namespace_of
from k8slab.routing.model import Backend

Endpoints = list[tuple[str, int]]


def port_endpoints(backend: Backend, service: Obj | None, slices: Iterable[Obj]) -> Endpoints:
    """Return the ready ``(address, port)`` pairs behind a backend."""
    entry = _entry(backend, service)
    return sorted({pair for found in slices for pair in _of_slice(found, entry)}) if entry else []


def _entry(backend: Backend, service: Obj | None) -> Obj | None:
    """Return the Service's port: by its number, its name, or (which surprises) its target port."""
    ports = dig(service, "spec", "ports", default=[]) if service else []
    return next((port for port in ports if str(backend.port) in _port_words(port)), None)


def _port_words(port: Obj) -> tuple[str, ...]:
    return str(port.get("port")), str(port.get("name") or "-"), str(port.get("targetPort"))


def service_endpoint(backend: Backend, service: Obj | None) -> Endpoints:
    """Return the Service's own address, for service-upstream."""
    entry = _entry(backend, service)
    address = dig(service, "spec", "clusterIP") if service else None
    return [(address, int(entry["port"]))] if entry and address and address != "None" else []


def external_endpoint(backend: Backend, service: Obj) -> Endpoints:
    """Return the host and port that a Service of type ExternalName stands for."""
    target = (_entry(backend, service) or {}).get("targetPort") or backend.port
    host = str(dig(service, "spec", "externalName", default=""))
    return [(host, int(target))] if str(target).isdigit() and host else []


def _of_slice(found: Obj, entry: Obj) -> Iterable[tuple[str, int]]:
    numbers = [port["port"] for port in found.get("ports") or []
               if (port.get("name") or "") == (entry.get("name") or "") and port.get("port")]  # fmt: skip
    for endpoint in found.get("endpoints") or []:
        if dig(endpoint, "conditions", "ready", default=True):
            yield from ((address, number) for address in endpoint.get("addresses") or [] for number in numbers)


def by_service(slices: Iterable[Obj]) -> Mapping[tuple[str, str], list[Obj]]:
    """Return EndpointSlices by namespace and Service."""
    found: dict[tuple[str, str], list[Obj]] = {}
    for entry in slices:
        labels = dig(entry, "metadata", "labels", default={})
        found.setdefault((namespace_of(entry), str(labels.get("kubernetes.io/service-name", ""))), []).append(entry)
    return found
