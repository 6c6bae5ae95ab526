"""EndpointSlices of Services with a selector (pkg/controller/endpointslice)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from k8slab.emulator.controllers.ending import create_unless_ending
from k8slab.emulator.controllers.endpoint_slice_plan import CONTROLLER, MANAGED_BY, SERVICE_NAME, plan
from k8slab.emulator.controllers.service_pods import (
    TRIGGER_TIME,
    TriggerTimes,
    selected_pods,
    selector_of,
    services_of_pod,
)
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, labels_of, name_of, namespace_of
from k8slab.kube.resources import ENDPOINT_SLICES, NODES, PODS, SERVICES
from k8slab.kube.selectors import label_selector_of


class EndpointSliceController:
    """Keeps the addresses of each Service's pods, with their conditions, in slices of at most 100."""

    name = "endpointslice-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._services = desk.informer(SERVICES)
        self._pods = desk.informer(PODS)
        self._nodes = desk.informer(NODES)
        self._slices = desk.informer(ENDPOINT_SLICES)
        self._times = TriggerTimes()

    def watches(self) -> Sequence[Watch]:
        """React to Services, to pods that they select, to changes of the slices by others, and to new nodes."""
        return (
            Watch(SERVICES, own_key),
            Watch(PODS, services_of_pod(self._services)),
            Watch(ENDPOINT_SLICES, _service_of_slice),
            Watch(NODES, self._after_node),
        )

    def _after_node(self, before: Obj | None, after: Obj | None) -> Iterable[Hashable]:
        """Look again at the pods of a node that appears: without their node they were left out."""
        if before is None and after is not None:
            for pod in self._pods.objects():
                if dig(pod, "spec", "nodeName") == name_of(after):
                    yield from services_of_pod(self._services)(None, pod)

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one Service's slices in step with its pods."""
        service = self._services.get(key.namespace, key.name)
        if service is None:
            self._times.forget(key)
            return DONE
        if not selector_of(service):
            return DONE
        pods = selected_pods(service, self._pods)
        mine = label_selector_of({"matchLabels": {SERVICE_NAME: key.name, MANAGED_BY: CONTROLLER}})
        existing = [piece for piece in self._slices.select(key.namespace, mine) if not is_deleting(piece)]
        wanted = plan(service, pods, existing, lambda name: self._nodes.get("", name))
        trigger = self._times.of(service, pods)
        if not is_deleting(service):
            for piece in wanted.create:
                await create_unless_ending(self._api, ENDPOINT_SLICES, _stamped(piece, trigger))
        for piece in wanted.update:
            await self._api.update(ENDPOINT_SLICES, _stamped(piece, trigger))
        for piece in wanted.delete:
            await self._api.delete(ENDPOINT_SLICES, namespace_of(piece), name_of(piece))
        return DONE


def _stamped(piece: Obj, trigger: str) -> Obj:
    annotations = {name: text for name, text in annotations_of(piece).items() if name != TRIGGER_TIME}
    if trigger:
        annotations[TRIGGER_TIME] = trigger
    return {**piece, "metadata": {**piece["metadata"], "annotations": annotations}}


def _service_of_slice(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
    for piece in (before, after):
        if piece is not None and labels_of(piece).get(MANAGED_BY) == CONTROLLER:
            yield ObjectKey(namespace_of(piece), labels_of(piece).get(SERVICE_NAME, ""))
