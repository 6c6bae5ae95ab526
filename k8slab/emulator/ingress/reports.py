"""What the controller tells through the API: events on Ingresses and on its own pod, and who it is."""

from __future__ import annotations

import asyncio

from k8slab.clock import Clock
from k8slab.emulator.api import Api, ContainerSpec
from k8slab.emulator.ingress.options import Options
from k8slab.emulator.ingress.watching import Watched
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.kube.objects import Obj, annotations_of, dig, key_of, name_of
from k8slab.kube.resources import PODS
from k8slab.kube.status import ApiError
from k8slab.routing.annotations import PREFIX, parse_annotations
from k8slab.routing.model import Model

_COMPONENT = "nginx-ingress-controller"


class Reports:
    """Records events; ``about`` tells of Ingresses that are left out, once for each version."""

    def __init__(self, api: Api, clock: Clock, spec: ContainerSpec, options: Options, watched: Watched) -> None:
        self._api = api
        self._spec = spec
        self._options = options
        self._watched = watched
        self._events = EventRecorder(api, clock, _COMPONENT)
        self._pod: Obj = {}
        self._said: set[tuple[str, str]] = set()
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write events."""
        self._writing = asyncio.create_task(self._events.run())
        self._pod = await self._api.get(PODS, self._spec.namespace, self._spec.pod_name)
        for ingress in self._watched.ingresses():
            self.on_ingress(None, ingress)

    async def stop(self) -> None:
        """Write no more events."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    async def node_address(self) -> str:
        """Return the address of the node that the controller runs on."""
        if not dig(self._pod, "status", "hostIP"):
            try:
                self._pod = await self._api.get(PODS, self._spec.namespace, self._spec.pod_name)
            except ApiError:
                return ""
        return str(dig(self._pod, "status", "hostIP", default=""))

    def on_ingress(self, _before: Obj | None, after: Obj | None) -> None:
        """Take note of a new or changed Ingress."""
        if after is None or not self._watched.classes().owns(after):
            return
        if self._options.sync_events:
            self._events.event(after, "Normal", "Sync", "Scheduled for sync")
        for name in parse_annotations(annotations_of(after)).not_served:
            key = (f"{key_of(after)} {name}", annotations_of(after)[PREFIX + name])
            if key not in self._said:
                self._said.add(key)
                message = f"the annotation {PREFIX}{name} is not served yet by the embedded cluster (it works on kind)"
                self._events.event(after, "Warning", "AnnotationNotServed", message)

    def about(self, model: Model) -> None:
        """Tell of denied locations."""
        for server in model.servers.values():
            for location in server.locations:
                key = (f"{location.owner.namespace}/{location.owner.name}", location.settings.denied)
                if not location.settings.denied or key in self._said:
                    continue
                self._said.add(key)
                found = [entry for entry in self._watched.ingresses() if name_of(entry) == location.owner.name]
                for ingress in found:
                    message = f"Error parsing annotations: {location.settings.denied}"
                    self._events.event(ingress, "Warning", "AnnotationParsingFailed", message)

    async def reloaded(self) -> None:
        """Record that nginx was reloaded."""
        text = "NGINX reload triggered due to a change in configuration"
        self._events.event(self._pod, "Normal", "RELOAD", text)

    async def reload_failed(self, output: str) -> None:
        """Record what nginx said of a configuration that it refused."""
        self._events.event(self._pod, "Warning", "RELOAD", f"Error reloading NGINX: {output.strip()}")
