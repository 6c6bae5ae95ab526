"""Creating and deleting pods for an owner, with the events that tell of it (pkg/controller/controller_utils.go)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from k8slab.emulator.api import Api, DeleteOptions, Preconditions
from k8slab.emulator.controllers.ending import namespace_ends
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.machinery.controller import copy_of
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of
from k8slab.kube.resources import PODS
from k8slab.kube.status import ApiError


class PodControl:
    """Creates and deletes pods and records what became of it on their owner."""

    def __init__(self, api: Api, recorder: EventRecorder) -> None:
        self._api = api
        self._recorder = recorder

    async def create(self, owner: Obj, pod: Obj) -> None:
        """Create a pod; a namespace that is being deleted is no failure."""
        try:
            created = await self._api.create(PODS, pod)
        except ApiError as error:
            if namespace_ends(error):
                return
            self._recorder.event(owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
            raise
        self._recorder.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(created)}")

    async def create_all(self, owner: Obj, pods: Sequence[Obj]) -> None:
        """Create pods in batches of 1, 2, 4, ...; a batch with a failure is the last (slowStartBatch)."""
        batch, left = 1, list(pods)
        while left:
            answers = await asyncio.gather(*(self.create(owner, pod) for pod in left[:batch]), return_exceptions=True)
            for failure in answers:
                if failure is not None:
                    raise failure
            left, batch = left[batch:], batch * 2

    async def delete(self, owner: Obj, pod: Obj) -> None:
        """Delete a pod; one that is gone is no failure."""
        options = DeleteOptions(preconditions=Preconditions(uid=uid_of(pod)))
        try:
            await self._api.delete(PODS, namespace_of(pod), name_of(pod), options)
        except ApiError as error:
            if error.reason == "NotFound":
                return
            self._recorder.event(owner, "Warning", "FailedDelete", f"Error deleting: {error.message}")
            raise
        self._recorder.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")


def pod_from_template(owner: Obj, template: Obj) -> Obj:
    """Return a new pod of a template, controlled by its owner (GetPodFromTemplate); it may be changed."""
    meta = template.get("metadata") or {}
    return copy_of(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "generateName": f"{name_of(owner)}-",
                "namespace": namespace_of(owner),
                **{name: meta[name] for name in ("labels", "annotations", "finalizers") if meta.get(name)},
                "ownerReferences": [controller_reference(owner)],
            },
            "spec": template.get("spec") or {},
        }
    )
