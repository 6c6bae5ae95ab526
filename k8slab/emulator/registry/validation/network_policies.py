"""Rules of NetworkPolicies (pkg/apis/networking/validation)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.names import port_name_problems
from k8slab.emulator.registry.validation.values import cidr, one_of, port_number
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_TYPES = ("Ingress", "Egress")
_RULES = (("ingress", "from"), ("egress", "to"))


def default_network_policy(obj: Obj) -> None:
    """Fill in a NetworkPolicy (pkg/apis/networking/v1/defaults.go)."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rules, _ in _RULES:
        for rule in spec.get(rules) or []:
            for port in rule.get("ports") or []:
                port.setdefault("protocol", "TCP")


def validate_network_policy(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a NetworkPolicy."""
    spec = obj.get("spec") or {}
    yield from validate_label_selector(spec.get("podSelector") or {}, "spec.podSelector")
    for rules, peers in _RULES:
        for index, rule in enumerate(spec.get(rules) or []):
            path = f"spec.{rules}[{index}]"
            for number, port in enumerate(rule.get("ports") or []):
                yield from _port(port, f"{path}.ports[{number}]")
            for number, peer in enumerate(rule.get(peers) or []):
                yield from _peer(peer, f"{path}.{peers}[{number}]")
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        yield FieldError(INVALID, "spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(types):
        yield from one_of(f"spec.policyTypes[{index}]", kind, _TYPES)


def _port(entry: Obj, path: str) -> Iterator[FieldError]:
    yield from one_of(f"{path}.protocol", entry.get("protocol", "TCP"), ("TCP", "UDP", "SCTP"))
    port, end = entry.get("port"), entry.get("endPort")
    if port is None:
        if end is not None:
            yield FieldError(INVALID, f"{path}.endPort", end, "may not be specified when `port` is not specified")
    elif isinstance(port, str):
        if end is not None:
            yield FieldError(INVALID, f"{path}.endPort", end, "may not be specified when `port` is non-numeric")
        for problem in port_name_problems(port):
            yield FieldError(INVALID, f"{path}.port", port, problem)
    else:
        yield from port_number(f"{path}.port", port)
        if end is not None and end < port:
            yield FieldError(INVALID, f"{path}.endPort", port, "must be greater than or equal to `port`")
        if end is not None:
            yield from port_number(f"{path}.endPort", end)


def _peer(peer: Obj, path: str) -> Iterator[FieldError]:
    found = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    for name in found:
        if name == "ipBlock":
            yield from _block(peer[name], f"{path}.ipBlock")
        else:
            yield from validate_label_selector(peer[name], f"{path}.{name}")
    if not found:
        yield FieldError(REQUIRED, path, detail="must specify a peer")
    elif len(found) > 1 and "ipBlock" in found:
        yield FieldError(FORBIDDEN, path, detail="may not specify both ipBlock and another peer")


def _block(block: Obj, path: str) -> Iterator[FieldError]:
    whole = str(block.get("cidr") or "")
    if not whole:
        yield FieldError(REQUIRED, f"{path}.cidr")
        return
    wrong = list(cidr(f"{path}.cidr", whole))
    yield from wrong
    if wrong:
        return
    outer = ipaddress.ip_network(whole, strict=False)
    for index, text in enumerate(block.get("except") or []):
        where = f"{path}.except[{index}]"
        problems = list(cidr(where, text))
        yield from problems
        if problems:
            continue
        inner = ipaddress.ip_network(text, strict=False)
        if inner.version != outer.version or not _strictly_inside(inner, outer):
            yield FieldError(INVALID, where, text, "must be a strict subset of `cidr`")


def _strictly_inside(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return inner.network_address in outer and inner.prefixlen > outer.prefixlen
