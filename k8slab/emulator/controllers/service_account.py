"""What every namespace gets: its default ServiceAccount and the cluster's certificate authority.

Sources: pkg/controller/serviceaccount/serviceaccounts_controller.go, pkg/controller/certificates/rootcacertpublisher.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.api import Api
from k8slab.emulator.controllers.ending import create_unless_ending
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Route, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, is_deleting, name_of, namespace_of
from k8slab.kube.resources import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS, Resource
from k8slab.kube.status import ApiError

ROOT_CA = "kube-root-ca.crt"
DEFAULT = "default"
_DESCRIPTION = {
    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using "
    "internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed "
    "across distributions of Kubernetes clusters."
}


class ServiceAccountController:
    """Gives each namespace the ServiceAccount ``default`` and gives it back when it is deleted."""

    name = "serviceaccount-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._namespaces = desk.informer(NAMESPACES)
        self._accounts = desk.informer(SERVICE_ACCOUNTS)

    def watches(self) -> Sequence[Watch]:
        """React to namespaces and to changes of their default account."""
        return (Watch(NAMESPACES, own_key), Watch(SERVICE_ACCOUNTS, _namespace_of(DEFAULT)))

    async def sync(self, key: ObjectKey) -> Result:
        """Create one namespace's default account if it is missing."""
        if _is_open(self._namespaces.get("", key.name)) and self._accounts.get(key.name, DEFAULT) is None:
            account: Obj = {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": DEFAULT, "namespace": key.name},
            }
            await _create(self._api, SERVICE_ACCOUNTS, account)
        return DONE


class RootCaPublisher:
    """Keeps the ConfigMap ``kube-root-ca.crt`` with the cluster's certificate authority in each namespace."""

    name = "root-ca-certificate-publisher-controller"
    workers = 1

    def __init__(self, desk: Desk, root_ca: str) -> None:
        self._api = desk.api
        self._data = {"ca.crt": root_ca}
        self._namespaces = desk.informer(NAMESPACES)
        self._config_maps = desk.informer(CONFIG_MAPS)

    def watches(self) -> Sequence[Watch]:
        """React to namespaces and to changes of the published ConfigMap."""
        return (Watch(NAMESPACES, own_key), Watch(CONFIG_MAPS, _namespace_of(ROOT_CA)))

    async def sync(self, key: ObjectKey) -> Result:
        """Create or repair one namespace's copy."""
        if not _is_open(self._namespaces.get("", key.name)):
            return DONE
        present = self._config_maps.get(key.name, ROOT_CA)
        if present is None:
            meta = {"name": ROOT_CA, "namespace": key.name, "annotations": dict(_DESCRIPTION)}
            wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": self._data}
            await _create(self._api, CONFIG_MAPS, wanted)
        elif present.get("data") != self._data or not _DESCRIPTION.items() <= annotations_of(present).items():
            meta = {**present["metadata"], "annotations": {**annotations_of(present), **_DESCRIPTION}}
            await self._api.update(CONFIG_MAPS, {**present, "metadata": meta, "data": self._data})
        return DONE


async def _create(api: Api, resource: Resource, obj: Obj) -> None:
    try:
        await create_unless_ending(api, resource, obj)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise


def _is_open(namespace: Obj | None) -> bool:
    return namespace is not None and not is_deleting(namespace)


def _namespace_of(name: str) -> Route:
    def route(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        for obj in (before, after):
            if obj is not None and name_of(obj) == name:
                yield ObjectKey("", namespace_of(obj))

    return route
