"""Cluster addresses and node ports: what is free is what no stored Service has."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from k8slab.clock import Entropy
from k8slab.kube.objects import Obj
from k8slab.kube.status import INVALID, FieldError

CLUSTER_NETWORK = "10.96.0.0/16"
PORTS = range(30000, 32768)
_REACHED_FROM_OUTSIDE = ("NodePort", "LoadBalancer")


def allocate(service: Obj, others: Iterable[Obj], entropy: Entropy) -> Iterator[FieldError]:
    """Give a Service its addresses and node ports; yield an error for what it asked for and cannot have."""
    taken = [other.get("spec") or {} for other in others]
    spec = service["spec"]
    if spec.get("type") != "ExternalName":
        # Not a default of the API: the registry sets it, so no client manages it (core/service/storage/alloc.go).
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    yield from _address(spec, {str(entry.get("clusterIP", "")) for entry in taken}, entropy)
    used = {port.get("nodePort") for entry in taken for port in entry.get("ports") or []}
    yield from _ports(spec, {port for port in used if port}, entropy)


def _address(spec: Obj, taken: set[str], entropy: Entropy) -> Iterator[FieldError]:
    if spec.get("type") == "ExternalName":
        return
    wanted = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or []), "")
    if not wanted:
        wanted = _free_address(taken, entropy)
    elif _is_address(wanted):
        problem = _address_problem(wanted, taken)
        if problem:
            yield FieldError(INVALID, "spec.clusterIPs", [wanted], f"failed to allocate IP {wanted}: {problem}")
            return
    spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]


def _is_address(text: str) -> bool:
    """Tell whether it is an address; what is not is left to validation."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address_problem(address: str, taken: set[str]) -> str:
    if ipaddress.ip_address(address) not in ipaddress.ip_network(CLUSTER_NETWORK):
        return "the provided network does not match the current range"
    return "provided IP is already allocated" if address in taken else ""


def _free_address(taken: set[str], entropy: Entropy) -> str:
    base = int(ipaddress.ip_network(CLUSTER_NETWORK).network_address)
    while True:
        address = str(ipaddress.ip_address(base + 16 + entropy.choice(65500)))
        if address not in taken:
            return address


def _ports(spec: Obj, taken: set[int], entropy: Entropy) -> Iterator[FieldError]:
    outside = spec.get("type") in _REACHED_FROM_OUTSIDE
    for index, port in enumerate(spec.get("ports") or []):
        wanted = port.get("nodePort")
        if not outside:
            # Validation says so.
            continue
        if not wanted:
            port["nodePort"] = _free_port(taken, entropy)
        elif wanted not in PORTS:
            detail = f"provided port is not in the valid range. The range of valid ports is {PORTS[0]}-{PORTS[-1]}"
            yield FieldError(INVALID, f"spec.ports[{index}].nodePort", wanted, detail)
        elif wanted in taken:
            yield FieldError(INVALID, f"spec.ports[{index}].nodePort", wanted, "provided port is already allocated")
        taken = taken | {port.get("nodePort", 0)}


def _free_port(taken: set[int], entropy: Entropy) -> int:
    free = [port for port in PORTS if port not in taken]
    return free[entropy.choice(len(free))]
