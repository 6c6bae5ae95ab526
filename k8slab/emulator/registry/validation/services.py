"""Rules of Services (ValidateService of k8s.io/kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.names import LABEL, SUBDOMAIN, check, check_labels, port_name_problems
from k8slab.emulator.registry.validation.pods import one_of
from k8slab.kube.objects import Obj
from k8slab.kube.status import DUPLICATE, INVALID, REQUIRED, FieldError

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PORTS = "must be between 1 and 65535, inclusive"
_IMMUTABLE = "may not change once set"
_HIGHEST_PORT = 65535


def validate_service(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Service."""
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    yield from one_of("spec.type", kind, _TYPES)
    if kind == "ExternalName":
        name = str(spec.get("externalName", "")).removesuffix(".")
        if not name:
            yield FieldError(REQUIRED, "spec.externalName")
        else:
            yield from check(SUBDOMAIN, "spec.externalName", name)
        return
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not (headless and kind == "ClusterIP"):
        yield FieldError(REQUIRED, "spec.ports")
    yield from _ports(spec.get("ports") or [])
    yield from check_labels(spec.get("selector") or {}, "spec.selector")
    yield from one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    if headless and kind != "ClusterIP":
        yield FieldError(INVALID, "spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")


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
        pair = (str(port.get("protocol")), int(port.get("port", 0)))
        if pair in pairs:
            yield FieldError(DUPLICATE, where, {"port": pair[1], "protocol": pair[0]})
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


def validate_service_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the cluster address of a Service changes."""
    before, after = old["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and after != before and "ExternalName" not in (new["spec"].get("type"), old["spec"].get("type")):
        yield FieldError(INVALID, "spec.clusterIPs[0]", new["spec"].get("clusterIPs"), _IMMUTABLE)
