"""Rules of Services (ValidateService of k8s.io/kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.names import (
    LABEL,
    SUBDOMAIN,
    check,
    check_labels,
    port_name_problems,
    qualified_name_problems,
)
from k8slab.emulator.registry.validation.values import cidr, ip_address, one_of, usable_address, without_zeros
from k8slab.kube.objects import Obj, dig
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PORTS = "must be between 1 and 65535, inclusive"
_IMMUTABLE = "may not change once set"
_HIGHEST_PORT = 65535
_LONGEST_AFFINITY = 86400
_FAMILIES = ("IPv4", "IPv6")


def validate_service(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Service."""
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and kind != "ExternalName":
        yield FieldError(REQUIRED, "spec.ports")
    if kind == "LoadBalancer" and headless:
        yield FieldError(INVALID, "spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services")
    if kind == "NodePort" and headless:
        yield FieldError(INVALID, "spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services")
    if kind == "ExternalName":
        yield from _external_name(spec)
    yield from _ports(spec.get("ports") or [])
    yield from check_labels(spec.get("selector") or {}, "spec.selector")
    yield from _affinity(spec)
    yield from one_of("spec.type", kind, _TYPES)
    if kind == "ClusterIP":
        for index, port in enumerate(spec.get("ports") or []):
            if port.get("nodePort"):
                detail = "may not be used when `type` is 'ClusterIP'"
                yield FieldError(FORBIDDEN, f"spec.ports[{index}].nodePort", detail=detail)
    yield from _addresses(spec)
    yield from _families(spec)
    yield from _traffic(spec)
    yield from _load_balancer(spec)


def _external_name(spec: Obj) -> Iterator[FieldError]:
    if spec.get("clusterIPs") or spec.get("clusterIP"):
        yield FieldError(FORBIDDEN, "spec.clusterIPs", detail="may not be set for ExternalName services")
    name = str(spec.get("externalName", "")).removesuffix(".")
    if not name:
        yield FieldError(REQUIRED, "spec.externalName")
    else:
        yield from check(SUBDOMAIN, "spec.externalName", name)


def _affinity(spec: Obj) -> Iterator[FieldError]:
    yield from one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    seconds = dig(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if spec.get("sessionAffinity") == "ClientIP" and seconds is not None and not 0 < seconds <= _LONGEST_AFFINITY:
        detail = f"must be greater than 0 and less than {_LONGEST_AFFINITY}"
        yield FieldError(INVALID, "spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, detail)


def _addresses(spec: Obj) -> Iterator[FieldError]:
    for index, text in enumerate(spec.get("externalIPs") or []):
        path = f"spec.externalIPs[{index}]"
        plain = without_zeros(text)
        problems = list(ip_address(path, plain))
        yield from problems or usable_address(path, plain)
    ranges = spec.get("loadBalancerSourceRanges") or []
    if ranges and spec.get("type") != "LoadBalancer":
        detail = "may only be used when `type` is 'LoadBalancer'"
        yield FieldError(FORBIDDEN, "spec.LoadBalancerSourceRanges", detail=detail)
    for index, text in enumerate(ranges):
        yield from cidr(f"spec.LoadBalancerSourceRanges[{index}]", text)
    if spec.get("type") != "ExternalName" and spec.get("clusterIP") not in (None, "", "None"):
        yield from ip_address("spec.clusterIPs[0]", spec["clusterIP"])


def _families(spec: Obj) -> Iterator[FieldError]:
    for index, family in enumerate(spec.get("ipFamilies") or []):
        path = f"spec.ipFamilies[{index}]"
        if family not in _FAMILIES:
            yield from one_of(path, family, _FAMILIES)
        elif family != "IPv4":
            yield FieldError(INVALID, path, family, "not configured on this cluster")
    policy = spec.get("ipFamilyPolicy")
    if policy:
        yield from one_of("spec.ipFamilyPolicy", policy, ("SingleStack", "PreferDualStack", "RequireDualStack"))
    if policy == "RequireDualStack":
        detail = "this cluster is not configured for dual-stack services"
        yield FieldError(INVALID, "spec.ipFamilyPolicy", policy, detail)


def _traffic(spec: Obj) -> Iterator[FieldError]:
    external, internal = spec.get("externalTrafficPolicy"), spec.get("internalTrafficPolicy")
    outside = spec.get("type") in ("NodePort", "LoadBalancer") or (
        spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs"))
    )
    if external and not outside:
        detail = "may only be set for externally-accessible services"
        yield FieldError(INVALID, "spec.externalTrafficPolicy", external, detail)
    elif external:
        yield from one_of("spec.externalTrafficPolicy", external, ("Cluster", "Local"))
    port = spec.get("healthCheckNodePort")
    if port and not (spec.get("type") == "LoadBalancer" and external == "Local"):
        detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield FieldError(INVALID, "spec.healthCheckNodePort", port, detail)
    if internal:
        yield from one_of("spec.internalTrafficPolicy", internal, ("Cluster", "Local"))
    if spec.get("trafficDistribution") is not None:
        supported = ("PreferClose", "PreferSameZone", "PreferSameNode")
        yield from one_of("spec.trafficDistribution", spec["trafficDistribution"], supported)


def _load_balancer(spec: Obj) -> Iterator[FieldError]:
    name = spec.get("loadBalancerClass")
    if name is not None:
        for problem in qualified_name_problems(name):
            yield FieldError(INVALID, "spec.loadBalancerClass", name, problem)
    if spec.get("allocateLoadBalancerNodePorts") is not None and spec.get("type") != "LoadBalancer":
        detail = "may only be used when `type` is 'LoadBalancer'"
        yield FieldError(FORBIDDEN, "spec.allocateLoadBalancerNodePorts", detail=detail)


def _ports(ports: Sequence[Obj]) -> Iterator[FieldError]:
    names: set[str] = set()
    pairs: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        where = f"spec.ports[{index}]"
        yield from _port(port, where, named=len(ports) > 1)
        name = port.get("name", "")
        if name and name in names:
            yield FieldError(DUPLICATE, f"{where}.name", name)
        names.add(name)
    for index, port in enumerate(ports):
        pair = (str(port.get("protocol")), int(port.get("port", 0)))
        if pair in pairs:
            shown = {
                "Name": "",
                "Protocol": pair[0],
                "AppProtocol": None,
                "Port": pair[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            yield FieldError(DUPLICATE, f"spec.ports[{index}]", shown)
        pairs.add(pair)


def _port(port: Obj, where: str, *, named: bool) -> Iterator[FieldError]:
    name = port.get("name", "")
    if named and not name:
        yield FieldError(REQUIRED, f"{where}.name")
    elif name:
        yield from check(LABEL, f"{where}.name", name)
    number = port.get("port", 0)
    if not 0 < number <= _HIGHEST_PORT:
        yield FieldError(INVALID, f"{where}.port", number, _PORTS)
    yield from one_of(f"{where}.protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))
    target = port.get("targetPort")
    if isinstance(target, str):
        for problem in port_name_problems(target):
            yield FieldError(INVALID, f"{where}.targetPort", target, problem)
    elif isinstance(target, int) and not 0 < target <= _HIGHEST_PORT:
        yield FieldError(INVALID, f"{where}.targetPort", target, _PORTS)
    protocol = port.get("appProtocol")
    if protocol is not None:
        for problem in qualified_name_problems(protocol):
            yield FieldError(INVALID, f"{where}.appProtocol", protocol, problem)


def validate_service_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the cluster address of a Service changes."""
    before, after = old["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and after != before and "ExternalName" not in (new["spec"].get("type"), old["spec"].get("type")):
        yield FieldError(INVALID, "spec.clusterIPs[0]", [after] if after else [], _IMMUTABLE)
