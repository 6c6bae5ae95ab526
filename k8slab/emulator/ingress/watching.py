"""The objects that routes are made of, followed through the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from k8slab.clock import Clock
from k8slab.emulator.api import Api
from k8slab.emulator.ingress.certificates import usable_pair
from k8slab.emulator.ingress.options import Options
from k8slab.emulator.ingress.snippets import with_contained_snippets
from k8slab.emulator.machinery.informer import Handler, Informer
from k8slab.kube.objects import Obj, annotations_of, dig, labels_of, uid_of
from k8slab.kube.resources import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    INGRESS_CLASSES,
    INGRESSES,
    SECRETS,
    SERVICES,
)  # fmt: skip
from k8slab.routing.building import Surroundings, build_model
from k8slab.routing.classes import Classes, classes_of
from k8slab.routing.configuration import Configuration, parse_configuration
from k8slab.routing.endpoints import Endpoints, external_endpoint, port_endpoints, service_endpoint
from k8slab.routing.model import Backend, Model
from k8slab.routing.reviewing import Reviewer

_SERVICE_LABEL = "kubernetes.io/service-name"


class Watched:
    """Informers of everything that the controller reads; ``changed`` is called after each change.

    ``routes_changed`` tells whether something else than endpoints changed since it was last set to False.
    """

    def __init__(self, api: Api, clock: Clock, options: Options, scratch: Path, changed: Callable[[], None]) -> None:
        self._options = options
        self._scratch = scratch
        self._changed = changed
        kinds = (INGRESSES, INGRESS_CLASSES, SERVICES, ENDPOINT_SLICES, CONFIG_MAPS, SECRETS)
        self._informers = {resource.plural: Informer(api, resource, clock) for resource in kinds}
        self._tasks: list[asyncio.Task[None]] = []
        self._slices: dict[tuple[str, str], dict[str, Obj]] = {}
        self._service_upstreams: frozenset[str] = frozenset()
        self._seen: dict[str, int] = {}
        self.routes_changed = True

    async def start(self, on_ingress: Handler) -> None:
        """Follow the objects; return when the present ones are known."""
        self._informers["endpointslices"].subscribe(self._on_slice)
        self._tasks = [asyncio.create_task(informer.run()) for informer in self._informers.values()]
        for name, informer in self._informers.items():
            await informer.synced.wait()
            if name != "endpointslices":
                informer.subscribe(self._on_change)
        self._informers["ingresses"].subscribe(self._on_ingress)
        self._informers["ingresses"].subscribe(on_ingress)

    async def stop(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_change(self, before: Obj | None, after: Obj | None) -> None:
        if before is not None and after is not None and _told(before) == _told(after):
            return  # only its status or its managed fields: leases and the like change all the time
        self.routes_changed = True
        self._changed()

    def _on_ingress(self, before: Obj | None, after: Obj | None) -> None:
        """Remember the order in which new Ingresses came: timestamps have whole seconds."""
        if before is None and after is not None:
            self._seen[uid_of(after)] = max(self._seen.values(), default=0) + 1
        elif after is None and before is not None:
            self._seen.pop(uid_of(before), None)

    def _on_slice(self, before: Obj | None, after: Obj | None) -> None:
        if before is not None:
            self._slices.get(_service_of(before), {}).pop(before["metadata"]["name"], None)
        if after is not None:
            self._slices.setdefault(_service_of(after), {})[after["metadata"]["name"]] = after
        self._changed()

    def ingresses(self) -> list[Obj]:
        """Return the Ingresses of the namespaces that are watched."""
        return list(self._informers["ingresses"].objects(self._options.namespace))

    def model(self) -> Model:
        """Return the routes as they are now."""
        service = self.named_service(self._options.default_service)
        namespace, _, name = self._options.default_service.partition("/")
        ports = dig(service, "spec", "ports", default=[]) if service else []
        configuration = self.configuration()
        reviewer = self.reviewer(configuration)
        around = Surroundings(
            default=Backend(namespace, name, ports[0]["port"]) if ports else None,
            service=self.named_service,
            review=lambda namespace, settings: with_contained_snippets(reviewer(namespace, settings), self._scratch),
            certificate=lambda path, host: bool(usable_pair(self.secret(path), host)),
            snippets=configuration.allow_snippets,
            seen=lambda uid: self._seen.get(uid, 0),
        )
        model = build_model(self.ingresses(), self.classes(), around)
        self._service_upstreams = frozenset(
            policy.backend.name
            for policy in model.policies.values()
            if (configuration.service_upstream if policy.settings.service_upstream is None
                else policy.settings.service_upstream)
        )  # fmt: skip
        return model

    def reviewer(self, configuration: Configuration) -> Reviewer:
        """Return what finds values wrong that name other objects."""
        return Reviewer(self.secret, self.configmap, configuration)

    def classes(self) -> Classes:
        """Return which Ingresses are ours."""
        options = self._options
        entries = self._informers["ingressclasses"].objects()
        return classes_of(entries, options.controller_class, options.ingress_class, without_class=options.without_class)

    def configuration(self) -> Configuration:
        """Return what the controller's ConfigMap says."""
        return parse_configuration((self.configmap(self._options.configmap) or {}).get("data") or {})

    def endpoints(self, backend: Backend) -> Endpoints:
        """Return the ready endpoints of a backend; a Service that stands for itself or a name has one."""
        service = self.service(backend)
        if service is not None and dig(service, "spec", "type") == "ExternalName":
            return external_endpoint(backend, service)
        if backend.name in self._service_upstreams:
            return service_endpoint(backend, service)
        slices = self._slices.get((backend.namespace, backend.service), {})
        return port_endpoints(backend, service, slices.values())

    def is_remote(self, backend: Backend) -> bool:
        """Tell whether a backend's endpoints are no pods of their own."""
        service = self.service(backend)
        external = service is not None and dig(service, "spec", "type") == "ExternalName"
        return external or backend.name in self._service_upstreams

    def service(self, backend: Backend) -> Obj | None:
        """Return the Service of a backend."""
        return self._informers["services"].get(backend.namespace, backend.service)

    def named_service(self, path: str) -> Obj | None:
        """Return the Service ``namespace/name``."""
        return self._named("services", path)

    def secret(self, path: str) -> Obj | None:
        """Return the Secret ``namespace/name``."""
        return self._named("secrets", path)

    def configmap(self, path: str) -> Obj | None:
        """Return the ConfigMap ``namespace/name``."""
        return self._named("configmaps", path)

    def _named(self, plural: str, path: str) -> Obj | None:
        namespace, _, name = path.partition("/")
        return self._informers[plural].get(namespace, name) if name else None


def _told(obj: Obj) -> tuple[object, ...]:
    """Return what of an object can matter for routes."""
    return obj.get("spec"), obj.get("data"), annotations_of(obj), dig(obj, "status", "loadBalancer")


def _service_of(found: Obj) -> tuple[str, str]:
    return str(dig(found, "metadata", "namespace", default="")), str(labels_of(found).get(_SERVICE_LABEL, ""))
