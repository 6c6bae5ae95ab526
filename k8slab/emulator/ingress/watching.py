"""The objects that routes are made of, followed through the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from k8slab.clock import Clock
from k8slab.emulator.api import Api
from k8slab.emulator.ingress.model import Backend, Classes, Model, build_model, by_service, classes_of, port_endpoints
from k8slab.emulator.ingress.options import Options
from k8slab.emulator.ingress.settings import Configuration, parse_configuration
from k8slab.emulator.machinery.informer import Handler, Informer
from k8slab.kube.objects import Obj, dig
from k8slab.kube.resources import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    INGRESS_CLASSES,
    INGRESSES,
    SECRETS,
    SERVICES,
)  # fmt: skip


class Watched:
    """Informers of everything that the controller reads; ``changed`` is called after each change."""

    def __init__(self, api: Api, clock: Clock, options: Options, changed: Callable[[], None]) -> None:
        self._options = options
        self._changed = changed
        kinds = (INGRESSES, INGRESS_CLASSES, SERVICES, ENDPOINT_SLICES, CONFIG_MAPS, SECRETS)
        self._informers = {resource.plural: Informer(api, resource, clock) for resource in kinds}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, on_ingress: Handler) -> None:
        """Follow the objects; return when the present ones are known."""
        self._tasks = [asyncio.create_task(informer.run()) for informer in self._informers.values()]
        for informer in self._informers.values():
            await informer.synced.wait()
            informer.subscribe(lambda _before, _after: self._changed())
        self._informers["ingresses"].subscribe(on_ingress)

    async def stop(self) -> None:
        """Follow nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ingresses(self) -> list[Obj]:
        """Return the Ingresses of the namespaces that are watched."""
        return list(self._informers["ingresses"].objects(self._options.namespace))

    def model(self) -> Model:
        """Return the routes as they are now."""
        namespace, _, name = self._options.default_service.partition("/")
        service = self._informers["services"].get(namespace, name) if name else None
        ports = dig(service, "spec", "ports", default=[]) if service else []
        default = Backend(namespace, name, ports[0]["port"]) if ports else None
        return build_model(self.ingresses(), self.classes(), default=default)

    def classes(self) -> Classes:
        """Return which Ingresses are ours."""
        options = self._options
        entries = self._informers["ingressclasses"].objects()
        return classes_of(entries, options.controller_class, options.ingress_class, without_class=options.without_class)

    def configuration(self) -> Configuration:
        """Return what the controller's ConfigMap says."""
        namespace, _, name = self._options.configmap.partition("/")
        found = self._informers["configmaps"].get(namespace, name) if name else None
        return parse_configuration((found or {}).get("data") or {})

    def endpoints(self, model: Model) -> dict[str, list[tuple[str, int]]]:
        """Return the ready endpoints of every backend."""
        slices = by_service(self._informers["endpointslices"].objects())
        return {
            backend.name: port_endpoints(
                backend, self.service(backend), slices.get((backend.namespace, backend.service), [])
            )
            for backend in model.backends
        }

    def service(self, backend: Backend) -> Obj | None:
        """Return the Service of a backend."""
        return self._informers["services"].get(backend.namespace, backend.service)

    def named_service(self, path: str) -> Obj | None:
        """Return the Service ``namespace/name``."""
        namespace, _, name = path.partition("/")
        return self._informers["services"].get(namespace, name)

    def secret(self, path: str) -> Obj | None:
        """Return the Secret ``namespace/name``."""
        namespace, _, name = path.partition("/")
        return self._informers["secrets"].get(namespace, name)
