"""NetworkPolicies that keep a request out (networking.k8s.io/v1: a selected pod takes only what some policy allows)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.words import in_namespace, listed
from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of
from k8slab.kube.resources import NAMESPACES, NETWORK_POLICIES
from k8slab.kube.selectors import label_selector_of
from k8slab.snapshot import Snapshot

_BLOCKED = frozenset({"timeout", "refused", "504", "502"})


def policy_findings(
    snapshot: Snapshot, target: Obj, port: int, source: Obj | None, source_name: str
) -> Iterator[Finding]:
    """Yield the policies that keep traffic from ``source`` (a pod; None: outside) from the target's port."""
    where = namespace_of(target)
    found = _selecting(snapshot, target, "Ingress")
    if found and not any(_allows(snapshot, policy, "ingress", "from", source, port) for policy in found):
        names = [name_of(policy) for policy in found]
        yield Finding(
            "network-policy",
            f"NetworkPolicy {listed(names)} of namespace {where} lets nothing from {source_name} through to port "
            f"{port} of "
            f"pod {name_of(target)}.",
            in_namespace(f"kubectl describe networkpolicy {names[0]}", where),
            tuple(f"NetworkPolicy {name} selects pod {name_of(target)}" for name in names),
            _BLOCKED,
        )
    leaving = _selecting(snapshot, source, "Egress") if source is not None else []
    if leaving and not any(_allows(snapshot, policy, "egress", "to", target, port) for policy in leaving):
        names = [name_of(policy) for policy in leaving]
        yield Finding(
            "network-policy-egress",
            f"NetworkPolicy {listed(names)} lets {source_name} send nothing to port {port} of pod {name_of(target)}.",
            in_namespace(f"kubectl describe networkpolicy {names[0]}", namespace_of(leaving[0])),
            (),
            _BLOCKED | {"dns"},
        )


def _selecting(snapshot: Snapshot, pod: Obj, direction: str) -> list[Obj]:
    found = []
    for policy in snapshot.list(NETWORK_POLICIES, namespace_of(pod)):
        types = dig(
            policy, "spec", "policyTypes", default=["Ingress", *(["Egress"] if dig(policy, "spec", "egress") else [])]
        )
        if direction in types and label_selector_of(dig(policy, "spec", "podSelector", default={})).matches(
            labels_of(pod)
        ):
            found.append(policy)
    return found


def _allows(snapshot: Snapshot, policy: Obj, rules: str, peers: str, other: Obj | None, port: int) -> bool:
    for rule in dig(policy, "spec", rules, default=[]):
        ports: Sequence[Obj] = rule.get("ports") or ()
        fits = not ports or any(_port_fits(entry, port) for entry in ports)
        named = rule.get(peers) or []
        if fits and (not named or any(_peer_fits(snapshot, policy, peer, other) for peer in named)):
            return True
    return False


def _port_fits(entry: Obj, port: int) -> bool:
    wanted = entry.get("port")
    if entry.get("protocol", "TCP") != "TCP":
        return False
    # A named port may be this one; a policy is not accused without need.
    return not isinstance(wanted, int) or wanted <= port <= int(entry.get("endPort") or wanted)


def _peer_fits(snapshot: Snapshot, policy: Obj, peer: Obj, other: Obj | None) -> bool:
    if "ipBlock" in peer:
        return _in_block(peer["ipBlock"], str(dig(other, "status", "podIP", default="")) if other else "")
    if other is None:
        return False
    spaces = peer.get("namespaceSelector")
    if spaces is None:
        same = namespace_of(other) == namespace_of(policy)
    else:
        space = snapshot.get(NAMESPACES, namespace_of(other))
        same = space is not None and label_selector_of(spaces).matches(labels_of(space))
    pods = peer.get("podSelector")
    return same and (pods is None or label_selector_of(pods).matches(labels_of(other)))


def _in_block(block: Obj, address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
        inside = found in ipaddress.ip_network(str(block.get("cidr")), strict=False)
        return inside and not any(
            found in ipaddress.ip_network(entry, strict=False) for entry in block.get("except") or ()
        )
    except ValueError:
        # The address of an outside client is not known: the block may well hold it.
        return True
