"""What objects count against a ResourceQuota (pkg/quota/v1/evaluator/core). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from k8slab.kube.objects import Obj, annotations_of, dig
from k8slab.kube.pod_resources import Amounts, pod_amounts
from k8slab.kube.quantities import canonical_quantity, parse_quantity
from k8slab.kube.resources import (
    CLAIMS,
    CONFIG_MAPS,
    PODS,
    REPLICATION_CONTROLLERS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICES,
    Resource,
)

_ONE = Decimal(1)
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
# Kinds that are counted by their plain plural too.
_PLAIN = {PODS, SERVICES, CLAIMS, CONFIG_MAPS, SECRETS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS}
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def count_name(resource: Resource) -> str:
    """Return the name under which all objects of a resource are counted: ``count/deployments.apps``."""
    return f"count/{resource.qualified_name}"


def usage(resource: Resource, obj: Obj) -> Amounts:
    """Return what one object uses."""
    used: Amounts = {count_name(resource): _ONE}
    if resource == PODS:
        if dig(obj, "status", "phase") not in ("Failed", "Succeeded"):
            used |= _pod(obj)
    elif resource == SERVICES:
        used |= _service(obj)
    elif resource == CLAIMS:
        used |= _claim(obj)
    elif resource in _PLAIN:
        used[resource.plural] = _ONE
    return used


def _pod(pod: Obj) -> Amounts:
    used: Amounts = {"pods": _ONE}
    for name, amount in pod_amounts(pod, "requests").items():
        used[f"requests.{name}"] = amount
        if name in _COMPUTE or name.startswith("hugepages-"):
            used[name] = amount
    for name, amount in pod_amounts(pod, "limits").items():
        if name in _COMPUTE:
            used[f"limits.{name}"] = amount
    return used


def _service(service: Obj) -> Amounts:
    used: Amounts = {"services": _ONE}
    kind, ports = dig(service, "spec", "type"), len(dig(service, "spec", "ports", default=[]))
    if kind == "LoadBalancer":
        used["services.loadbalancers"] = _ONE
    takes = kind == "NodePort" or (
        kind == "LoadBalancer" and dig(service, "spec", "allocateLoadBalancerNodePorts", default=True)
    )
    if takes:
        used["services.nodeports"] = Decimal(ports)
    return used


def _claim(claim: Obj) -> Amounts:
    amount = parse_quantity(str(dig(claim, "spec", "resources", "requests", "storage", default="0")))
    used = {"persistentvolumeclaims": _ONE, "requests.storage": amount}
    wanted = annotations_of(claim).get(_BETA_CLASS) or dig(claim, "spec", "storageClassName", default="")
    if wanted:
        prefix = f"{wanted}.storageclass.storage.k8s.io/"
        used |= {f"{prefix}persistentvolumeclaims": _ONE, f"{prefix}requests.storage": amount}
    return used


def is_counted(quota: Obj, resource: Resource, obj: Obj) -> bool:
    """Tell whether an object is in the scopes of a quota."""
    scopes = [{"scopeName": name, "operator": "Exists"} for name in dig(quota, "spec", "scopes", default=[])]
    scopes += dig(quota, "spec", "scopeSelector", "matchExpressions", default=[])
    if not scopes:
        return True
    return resource == PODS and all(_in_scope(scope, obj) for scope in scopes)


def _in_scope(scope: Obj, pod: Obj) -> bool:
    name = scope.get("scopeName")
    if name in ("Terminating", "NotTerminating"):
        ends = dig(pod, "spec", "activeDeadlineSeconds") is not None
        return ends is (name == "Terminating")
    if name in ("BestEffort", "NotBestEffort"):
        best = not any(pod_amounts(pod, field).get(kind) for field in ("requests", "limits") for kind in _COMPUTE[:2])
        return best is (name == "BestEffort")
    if name == "PriorityClass":
        return _matches(scope, str(dig(pod, "spec", "priorityClassName", default="")))
    return False


def _matches(scope: Obj, value: str) -> bool:
    values = scope.get("values") or []
    rules = {"In": value in values, "NotIn": value not in values, "Exists": bool(value), "DoesNotExist": not value}
    return rules.get(str(scope.get("operator")), False)


def missing_compute(names: Iterable[str], pod: Obj) -> Mapping[str, list[str]]:
    """Return the compute resources that a quota limits and containers do not state, with those containers' names."""
    found: dict[str, set[str]] = {}
    for container in [*dig(pod, "spec", "containers", default=[]), *dig(pod, "spec", "initContainers", default=[])]:
        stated = _stated(container)
        for name in names:
            if name.removeprefix("requests.").removeprefix("limits.") in _COMPUTE and name not in stated:
                found.setdefault(name, set()).add(str(container.get("name", "")))
    return {name: sorted(containers) for name, containers in sorted(found.items())}


def _stated(container: Obj) -> set[str]:
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    return {*requests, *(f"requests.{name}" for name in requests), *(f"limits.{name}" for name in limits)}


def shown(amount: Decimal, like: str = "") -> str:
    """Return an amount as a quantity, in the powers of two where ``like`` is written so and it fits."""
    binary = like[-2:] in ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
    if binary and amount == amount.to_integral_value() and not int(amount) % 1024:
        return canonical_quantity(f"{int(amount) // 1024}Ki") if amount else "0"
    return canonical_quantity(format(amount, "f"))


def listed(quantities: Mapping[str, str]) -> str:
    """Return quantities as messages have them: ``cpu=1,memory=1Gi``."""
    return ",".join(f"{name}={quantities[name]}" for name in sorted(quantities))
