"""What a change of a Service carries over, and what it drops (k8s.io/kubernetes/pkg/registry/core/service/strategy.go).

Source of both rules: ``patchAllocatedValues`` and ``dropTypeDependentFields`` at v1.34.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from k8slab.kube.objects import Obj

_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")
_CLUSTER_IPS = ("clusterIP", "clusterIPs")


def prepare_service_update(new: Obj, old: Obj) -> None:
    """Carry over what the server gave, and drop what belongs to a type that the Service no longer has."""
    before, spec = old["spec"], new.setdefault("spec", {})
    _carry_over(before, spec)
    for group in _GROUPS:
        if group.needed(before) and not group.needed(spec) and group.same(before, spec):
            group.drop(spec)


def _has_cluster_ip(spec: Obj) -> bool:
    return bool(spec.get("type", "ClusterIP") != "ExternalName")


def _has_node_ports(spec: Obj) -> bool:
    kind = spec.get("type", "ClusterIP")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False)


def _is_load_balancer(spec: Obj) -> bool:
    return bool(spec.get("type") == "LoadBalancer")


def _has_external_policy(spec: Obj) -> bool:
    kind = spec.get("type", "ClusterIP")
    return kind in _WITH_NODE_PORTS or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _has_health_port(spec: Obj) -> bool:
    return _is_load_balancer(spec) and spec.get("externalTrafficPolicy") == "Local"


def _carry_over(before: Obj, spec: Obj) -> None:
    if _has_cluster_ip(before) and _has_cluster_ip(spec):
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and spec.get("clusterIP") == before.get("clusterIP") and before.get("clusterIPs"):
            spec["clusterIPs"] = list(before["clusterIPs"])
    if _has_node_ports(before) and _has_node_ports(spec):
        _carry_node_ports(before, spec)
    if _has_health_port(before) and _has_health_port(spec) and not spec.get("healthCheckNodePort"):
        _keep(before, spec, "healthCheckNodePort")


def _carry_node_ports(before: Obj, spec: Obj) -> None:
    ports = spec.get("ports") or []
    used = {port.get("nodePort") for port in ports}
    given = {_port_key(port): port.get("nodePort") for port in before.get("ports") or []}
    for port in ports:
        known = given.get(_port_key(port))
        if known and not port.get("nodePort") and known not in used:
            port["nodePort"] = known
            used.add(known)


def _port_key(port: Obj) -> tuple[str, object]:
    return str(port.get("protocol", "TCP")), port.get("port")


def _keep(before: Obj, spec: Obj, field: str) -> None:
    if field in before:
        spec[field] = before[field]


def _node_ports(spec: Obj) -> set[object]:
    return {port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")}


def _drop_node_ports(spec: Obj) -> None:
    for port in spec.get("ports") or []:
        port.pop("nodePort", None)


@dataclass(frozen=True, slots=True)
class _Group:
    """Fields that go when the type that needs them goes, unless the client changed them in the same request."""

    needed: Callable[[Obj], bool]
    same: Callable[[Obj, Obj], bool]
    drop: Callable[[Obj], None]


def _fields(needed: Callable[[Obj], bool], *names: str) -> _Group:
    def same(before: Obj, spec: Obj) -> bool:
        return all(before.get(name) == spec.get(name) for name in names)

    def drop(spec: Obj) -> None:
        for name in names:
            spec.pop(name, None)

    return _Group(needed, same, drop)


_GROUPS = (
    _fields(_has_cluster_ip, *_CLUSTER_IPS),
    _fields(_has_cluster_ip, "ipFamilies"),
    _fields(_has_cluster_ip, "ipFamilyPolicy"),
    _Group(_has_node_ports, lambda before, spec: _node_ports(before) == _node_ports(spec), _drop_node_ports),
    _fields(_has_health_port, "healthCheckNodePort"),
    _fields(_is_load_balancer, "allocateLoadBalancerNodePorts"),
    _fields(_is_load_balancer, "loadBalancerClass"),
    _fields(_has_external_policy, "externalTrafficPolicy"),
    _fields(_has_cluster_ip, "internalTrafficPolicy"),
)
