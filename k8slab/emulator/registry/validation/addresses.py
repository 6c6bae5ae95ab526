"""Rules of Endpoints, EndpointSlices, Events and Nodes (pkg/apis/core/validation, pkg/apis/discovery/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.names import LABEL, SUBDOMAIN, check
from k8slab.emulator.registry.validation.scheduling import validate_taints
from k8slab.emulator.registry.validation.values import cidr, ip_address, one_of, port_number, usable_address
from k8slab.kube.objects import Obj, dig, namespace_of
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_FAMILIES = ("FQDN", "IPv4", "IPv6")


def validate_endpoints(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with Endpoints."""
    for index, subset in enumerate(obj.get("subsets") or []):
        where = f"subsets[{index}]"
        ready, other = subset.get("addresses") or [], subset.get("notReadyAddresses") or []
        if not ready and not other:
            yield FieldError(REQUIRED, where, detail="must specify `addresses` or `notReadyAddresses`")
        for field, entries in (("addresses", ready), ("notReadyAddresses", other)):
            for number, entry in enumerate(entries):
                yield from _endpoint_address(str(entry.get("ip", "")), f"{where}.{field}[{number}].ip")
        ports = subset.get("ports") or []
        for number, port in enumerate(ports):
            yield from _endpoint_port(port, f"{where}.ports[{number}]", named=len(ports) > 1)


def _endpoint_address(text: str, path: str) -> Iterator[FieldError]:
    problems = list(ip_address(path, text))
    yield from problems
    if problems:
        # Said twice, by two rules of Kubernetes.
        yield FieldError(INVALID, path, text, "must be a valid IP address")
    else:
        yield from usable_address(path, text)


def _endpoint_port(port: Obj, path: str, *, named: bool) -> Iterator[FieldError]:
    name = port.get("name", "")
    if named and not name:
        yield FieldError(REQUIRED, f"{path}.name")
    elif name:
        yield from check(LABEL, f"{path}.name", name)
    yield from port_number(f"{path}.port", port.get("port", 0))
    yield from one_of(f"{path}.protocol", port.get("protocol") or "TCP", _PROTOCOLS)


def validate_endpoint_slice(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an EndpointSlice."""
    family = obj.get("addressType")
    if not family:
        yield FieldError(REQUIRED, "addressType")
    else:
        yield from one_of("addressType", family, _FAMILIES)
    for index, endpoint in enumerate(obj.get("endpoints") or []):
        yield from _slice_addresses(endpoint.get("addresses") or [], str(family), f"endpoints[{index}].addresses")
    yield from _slice_ports(obj.get("ports") or [])


def _slice_addresses(addresses: Sequence[str], family: str, path: str) -> Iterator[FieldError]:
    if not addresses:
        yield FieldError(REQUIRED, path, detail="must contain at least 1 address")
    for number, text in enumerate(addresses):
        where = f"{path}[{number}]"
        if family == "FQDN":
            yield from check(SUBDOMAIN, where, text)
        elif family in _FAMILIES:
            problems = list(ip_address(where, text))
            yield from problems or usable_address(where, text)


def _slice_ports(ports: Sequence[Obj]) -> Iterator[FieldError]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        name = port.get("name") or ""
        if name in names:
            yield FieldError(DUPLICATE, f"ports[{index}].name", name)
        elif name:
            yield from check(LABEL, f"ports[{index}].name", name)
        names.add(name)
        yield from one_of(f"ports[{index}].protocol", port.get("protocol") or "TCP", _PROTOCOLS)


def immutable_address_type(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the kind of addresses of an EndpointSlice changed."""
    if new.get("addressType") != old.get("addressType"):
        yield FieldError(INVALID, "addressType", new.get("addressType"), "field is immutable")


def validate_event(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an Event."""
    about = dig(obj, "involvedObject", "namespace", default="")
    if about and about != namespace_of(obj):
        yield FieldError(INVALID, "involvedObject.namespace", about, "does not match event.namespace")


def validate_node(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Node."""
    spec = obj.get("spec") or {}
    yield from validate_taints(spec.get("taints") or [], "metadata.taints")
    for index, text in enumerate(spec.get("podCIDRs") or ([spec["podCIDR"]] if spec.get("podCIDR") else [])):
        yield from cidr(f"spec.podCIDRs[{index}]", text)


def validate_node_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when a Node's pod addresses changed."""
    before, after = dig(old, "spec", "podCIDR", default=""), dig(new, "spec", "podCIDR", default="")
    if before and after != before:
        detail = 'node updates may not change podCIDR except from "" to valid'
        yield FieldError(FORBIDDEN, "spec.podCIDRs", detail=detail)
