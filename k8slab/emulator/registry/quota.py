"""Admission by ResourceQuotas: the last word before an object is stored (plugin/pkg/admission/resourcequota)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from k8slab.emulator.registry.admission import Listing
from k8slab.kube.objects import Obj, dig, name_of, uid_of
from k8slab.kube.pod_resources import Amounts
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.quotas import is_counted, listed, missing_compute, shown, usage
from k8slab.kube.resources import PODS, RESOURCE_QUOTAS, Resource
from k8slab.kube.status import ApiError, forbidden


def check_quotas(resource: Resource, namespace: str, obj: Obj, listing: Listing, old: Obj | None = None) -> None:
    """Raise 403 for an object that would use more than a quota of its namespace leaves."""
    if not resource.namespaced:
        return
    for quota in listing(RESOURCE_QUOTAS, namespace):
        if is_counted(quota, resource, obj):
            _check(quota, resource, namespace, obj, listing, old)


def _check(quota: Obj, resource: Resource, namespace: str, obj: Obj, listing: Listing, old: Obj | None) -> None:
    hard: dict[str, str] = dig(quota, "spec", "hard", default={})
    if resource == PODS and old is None:
        missing = missing_compute(hard, obj)
        if missing:
            words = "; ".join(f"{name} for: {','.join(containers)}" for name, containers in missing.items())
            raise _refused(resource, obj, f"failed quota: {name_of(quota)}: must specify {words}")
    wanted = _added(usage(resource, obj), usage(resource, old) if old else {}, hard)
    if not wanted:
        return
    others = [other for other in listing(resource, namespace) if uid_of(other) != uid_of(obj)]
    held = total(quota, resource, [*others, *([old] if old else [])])
    over = [name for name, amount in wanted.items() if held.get(name, Decimal(0)) + amount > parse_quantity(hard[name])]
    if over:
        names = sorted(over)
        parts = (
            {name: shown(wanted[name], hard[name]) for name in names},
            {name: shown(held.get(name, Decimal(0)), hard[name]) for name in names},
            {name: hard[name] for name in names},
        )
        words = ", ".join(
            f"{word}: {listed(part)}" for word, part in zip(("requested", "used", "limited"), parts, strict=True)
        )
        raise _refused(resource, obj, f"exceeded quota: {name_of(quota)}, {words}")


def _added(after: Amounts, before: Amounts, hard: dict[str, str]) -> Amounts:
    changes = {name: after[name] - before.get(name, Decimal(0)) for name in after if name in hard}
    return {name: amount for name, amount in changes.items() if amount > 0}


def total(quota: Obj, resource: Resource, objects: Sequence[Obj]) -> Amounts:
    """Return what the objects of one resource use of a quota."""
    used: Amounts = {}
    for obj in objects:
        if is_counted(quota, resource, obj):
            for name, amount in usage(resource, obj).items():
                used[name] = used.get(name, Decimal(0)) + amount
    return used


def _refused(resource: Resource, obj: Obj, cause: str) -> ApiError:
    return forbidden(resource.group, resource.plural, name_of(obj), cause)
