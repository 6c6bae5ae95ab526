"""ResourceQuota: reports what is used (pkg/controller/resourcequota)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.emulator.registry.quota import total
from k8slab.kube.objects import Obj, dig, key_of, namespace_of
from k8slab.kube.pod_resources import Amounts
from k8slab.kube.quotas import shown
from k8slab.kube.resources import (
    CLAIMS,
    CONFIG_MAPS,
    CRON_JOBS,
    DEPLOYMENTS,
    INGRESSES,
    JOBS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
)

_COUNTED = (
    PODS, SERVICES, CLAIMS, CONFIG_MAPS, SECRETS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS, DEPLOYMENTS, REPLICA_SETS,
    STATEFUL_SETS, JOBS, CRON_JOBS, INGRESSES,
)  # fmt: skip


class QuotaController:
    """Keeps ``status.used`` of quotas true."""

    name = "resourcequota-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._quotas = desk.informer(RESOURCE_QUOTAS)
        self._informers = [(resource, desk.informer(resource)) for resource in _COUNTED]

    def watches(self) -> Sequence[Watch]:
        """React to quotas and to everything that they count."""
        counted = [Watch(resource, self._quotas_of) for resource in _COUNTED if resource != RESOURCE_QUOTAS]
        return (Watch(RESOURCE_QUOTAS, own_key), *counted)

    def _quotas_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        obj = after if after is not None else before
        return [key_of(quota) for quota in self._quotas.objects(namespace_of(obj or {}))]

    async def sync(self, key: ObjectKey) -> Result:
        """Write the status of one quota."""
        quota = self._quotas.get(*key)
        if quota is None:
            return DONE
        hard: dict[str, str] = dig(quota, "spec", "hard", default={})
        used: Amounts = {}
        for resource, informer in self._informers:
            used |= total(quota, resource, informer.objects(key.namespace))
        status = {"hard": hard, "used": {name: shown(used[name], hard[name]) if name in used else "0" for name in hard}}
        if status != (quota.get("status") or {}):
            await self._api.update(RESOURCE_QUOTAS, {**quota, "status": status}, subresource="status")
        return DONE
