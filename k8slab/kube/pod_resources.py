"""How much a pod asks for altogether (k8s.io/component-helpers/resource). Pure."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from k8slab.kube.objects import Obj, dig
from k8slab.kube.quantities import parse_quantity

Amounts = dict[str, Decimal]


def amounts(quantities: dict[str, Any]) -> Amounts:
    """Return quantities as numbers."""
    return {name: parse_quantity(text) for name, text in quantities.items()}


def pod_amounts(pod: Obj, field: str) -> Amounts:
    """Return a pod's ``requests`` or ``limits``: its containers together, or its hungriest init container if more."""
    total: Amounts = defaultdict(Decimal)
    starting: Amounts = {}
    for container in dig(pod, "spec", "initContainers", default=[]):
        sidecar = container.get("restartPolicy") == "Always"
        for name, amount in amounts(dig(container, "resources", field, default={})).items():
            starting[name] = max(starting.get(name, Decimal(0)), total[name] + amount)
            total[name] += amount if sidecar else 0
    for container in dig(pod, "spec", "containers", default=[]):
        for name, amount in amounts(dig(container, "resources", field, default={})).items():
            total[name] += amount
    overhead = amounts(dig(pod, "spec", "overhead", default={}))
    names = {*total, *starting, *(overhead if field == "requests" or total else {})}
    return {name: max(total[name], starting.get(name, Decimal(0))) + overhead.get(name, Decimal(0)) for name in names}
