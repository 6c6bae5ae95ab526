"""NetworkPolicies: which connections they let through (k8s.io/api/networking/v1). Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from k8slab.kube.objects import Obj, dig, labels_of
from k8slab.kube.selectors import label_selector_of

_INGRESS, _EGRESS = "Ingress", "Egress"


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection. ``pod`` is False for what policies never hold back: nodes and hosts outside pods.

    ``ports`` are the names of a pod's container ports.
    """

    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    pod: bool = False


def peer_of(pod: Obj, address: str) -> Peer:
    """Return a pod as policies see it; one on the node's own network is the node."""
    if dig(pod, "spec", "hostNetwork"):
        return Peer(address)
    named = {
        str(port["name"]): int(port["containerPort"])
        for container in dig(pod, "spec", "containers", default=[])
        for port in container.get("ports") or []
        if port.get("name")
    }
    return Peer(address, str(dig(pod, "metadata", "namespace", default="")), labels_of(pod), named, pod=True)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that is about to be made."""

    source: Peer
    target: Peer
    port: int
    protocol: str = "TCP"


def allows(connection: Connection, policies: Iterable[Obj], namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether a connection is let out by its source's policies and in by its target's.

    ``namespaces`` are the labels of each namespace. A pod that no policy of a direction selects is open in it.
    """
    source, target = connection.source, connection.target
    if source.address == target.address:
        return True
    known = list(policies)
    out = not source.pod or _passes(connection, known, namespaces, _EGRESS)
    # The node reaches its pods whatever the policies say: kubelet's probes, for one.
    into = not target.pod or not source.pod or _passes(connection, known, namespaces, _INGRESS)
    return out and into


def _passes(
    connection: Connection, policies: Sequence[Obj], namespaces: Mapping[str, Mapping[str, str]], direction: str
) -> bool:
    inside = connection.target if direction == _INGRESS else connection.source
    holding = [policy for policy in policies if _holds(policy, inside, direction)]
    if not holding:
        return True
    rules, others = ("ingress", "from") if direction == _INGRESS else ("egress", "to")
    return any(
        _rule_allows(rule, others, connection, policy, namespaces)
        for policy in holding
        for rule in dig(policy, "spec", rules, default=[])
    )


def _holds(policy: Obj, inside: Peer, direction: str) -> bool:
    if dig(policy, "metadata", "namespace") != inside.namespace:
        return False
    types = dig(policy, "spec", "policyTypes", default=[_INGRESS])
    return direction in types and label_selector_of(dig(policy, "spec", "podSelector", default={})).matches(
        inside.labels
    )


def _rule_allows(
    rule: Obj, others: str, connection: Connection, policy: Obj, namespaces: Mapping[str, Mapping[str, str]]
) -> bool:
    outside = connection.source if others == "from" else connection.target
    ports, peers = rule.get("ports") or [], rule.get(others) or []
    if ports and not any(_port_matches(entry, connection) for entry in ports):
        return False
    home = str(dig(policy, "metadata", "namespace", default=""))
    return not peers or any(_peer_matches(entry, outside, home, namespaces) for entry in peers)


def _port_matches(entry: Obj, connection: Connection) -> bool:
    if entry.get("protocol", "TCP") != connection.protocol:
        return False
    port = entry.get("port")
    if port is None:
        return True
    if isinstance(port, str):
        return connection.target.ports.get(port) == connection.port
    return bool(port <= connection.port <= (entry.get("endPort") or port))


def _peer_matches(entry: Obj, outside: Peer, home: str, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    block = entry.get("ipBlock")
    if block is not None:
        return _in_block(block, outside.address)
    if not outside.pod:
        return False
    place, pods = entry.get("namespaceSelector"), entry.get("podSelector")
    if place is None:
        if outside.namespace != home:
            return False
    elif not label_selector_of(place).matches(dict(namespaces.get(outside.namespace, {}))):
        return False
    return pods is None or label_selector_of(pods).matches(dict(outside.labels))


def _in_block(block: Obj, address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found not in ipaddress.ip_network(block.get("cidr", "0.0.0.0/0"), strict=False):
        return False
    return not any(found in ipaddress.ip_network(entry, strict=False) for entry in block.get("except") or [])
