"""The objects that Gateways and routes are made of, followed through the API with the rights of the pod's account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from k8slab.clock import Clock
from k8slab.emulator.api import Api
from k8slab.emulator.ingress.certificates import matching_pair
from k8slab.emulator.machinery.informer import Informer
from k8slab.errors import K8slabError
from k8slab.kube.custom.definition import resources_of
from k8slab.kube.gateway import GROUP
from k8slab.kube.objects import Obj, dig, labels_of, name_of
from k8slab.kube.resources import DEFINITIONS, ENDPOINT_SLICES, NAMESPACES, SECRETS, SERVICES, Resource
from k8slab.routing.endpoints import Endpoints, port_endpoints
from k8slab.routing.gateway.world import World
from k8slab.routing.model import Backend

KINDS = ("gatewayclasses", "gateways", "httproutes", "referencegrants")
_INSTALL = "install the Gateway API's definitions first: %lab install gateway"
_SERVICE_LABEL = "kubernetes.io/service-name"


async def resources(api: Api) -> dict[str, Resource]:
    """Return the Gateway API's resources in version v1; raises ``K8slabError`` when a definition is missing."""
    found: dict[str, Resource] = {}
    for definition in (await api.list(DEFINITIONS)).items:
        if dig(definition, "spec", "group") == GROUP:
            found |= {one.plural: one for one in resources_of(definition) if one.version == "v1"}
    missing = [kind for kind in KINDS if kind not in found]
    if missing:
        message = f"no matches for {', '.join(missing)} in {GROUP}/v1"
        raise K8slabError(message, _INSTALL)
    return {kind: found[kind] for kind in KINDS}


class Watched:
    """Informers of everything that the controller reads; ``changed`` is called after each change.

    ``routes_changed`` tells whether something else than endpoints changed since it was last set to False.
    """

    def __init__(self, api: Api, clock: Clock, kinds: dict[str, Resource], changed: Callable[[], None]) -> None:
        self._changed = changed
        followed = (*kinds.values(), SERVICES, ENDPOINT_SLICES, SECRETS, NAMESPACES)
        self._informers = {resource.plural: Informer(api, resource, clock) for resource in followed}
        self._slices: dict[tuple[str, str], dict[str, Obj]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.routes_changed = True

    async def start(self) -> None:
        """Follow the objects; return when the present ones are known."""
        self._informers["endpointslices"].subscribe(self._on_slice)
        self._tasks = [asyncio.create_task(informer.run()) for informer in self._informers.values()]
        for name, informer in self._informers.items():
            await informer.synced.wait()
            if name != "endpointslices":
                informer.subscribe(self._on_change)

    async def stop(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_change(self, before: Obj | None, after: Obj | None) -> None:
        if before is None or after is None or _told(before) != _told(after):
            self.routes_changed = True
            self._changed()

    def _on_slice(self, before: Obj | None, after: Obj | None) -> None:
        if before is not None:
            self._slices.get(_service_of(before), {}).pop(name_of(before), None)
        if after is not None:
            self._slices.setdefault(_service_of(after), {})[name_of(after)] = after
        self._changed()

    def objects(self, plural: str, namespace: str = "") -> list[Obj]:
        """Return the objects of a resource."""
        return self._informers[plural].objects(namespace)

    def get(self, plural: str, namespace: str, name: str) -> Obj | None:
        """Return one object."""
        return self._informers[plural].get(namespace, name)

    def world(self) -> World:
        """Return the objects as they are now."""
        return World(
            self.objects("gatewayclasses"), self.objects("gateways"), self.objects("httproutes"),
            self.objects("referencegrants"),
            {name_of(entry): labels_of(entry) for entry in self.objects("namespaces")},
            lambda namespace, name: self.get("services", namespace, name),
            lambda namespace, name: bool(matching_pair(self.get("secrets", namespace, name))),
        )  # fmt: skip

    def endpoints(self, backend: Backend) -> Endpoints:
        """Return the ready endpoints of a backend."""
        slices = self._slices.get((backend.namespace, backend.service), {})
        return port_endpoints(backend, self.get("services", backend.namespace, backend.service), slices.values())


def _told(obj: Obj) -> tuple[object, ...]:
    """Return what of an object can matter; statuses change all the time, not least by us."""
    meta = obj["metadata"]
    return obj.get("spec"), obj.get("data"), meta.get("labels"), meta.get("generation"), meta.get("deletionTimestamp")


def _service_of(found: Obj) -> tuple[str, str]:
    return str(dig(found, "metadata", "namespace", default="")), str(labels_of(found).get(_SERVICE_LABEL, ""))
