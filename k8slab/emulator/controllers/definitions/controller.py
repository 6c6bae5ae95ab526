"""Accepts definitions and makes the API serve them; empties those that end.

Sources: k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.clock import timestamp
from k8slab.emulator.api import Api
from k8slab.emulator.controllers.conditions import with_condition
from k8slab.emulator.controllers.definitions.naming import status_of
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.custom.definition import resources_of, storage_version
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of
from k8slab.kube.resources import DEFINITIONS, Catalog, Resource
from k8slab.kube.status import ApiError

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_AGAIN_SECONDS = 0.2


class DefinitionController:
    """One worker: names are given out one after the other."""

    name = "customresourcedefinition-controller"
    workers = 1

    def __init__(self, desk: Desk, catalog: Catalog) -> None:
        self._api = desk.api
        self._clock = desk.clock
        self._catalog = catalog
        self._definitions = desk.informer(DEFINITIONS)

    def watches(self) -> Sequence[Watch]:
        """React to definitions."""
        return (Watch(DEFINITIONS, own_key),)

    async def sync(self, key: ObjectKey) -> Result:
        """Accept one definition's names, or remove its objects."""
        definition = self._definitions.get("", key.name)
        if definition is not None and is_deleting(definition):
            return await self._end(definition)
        if definition is not None:
            status = status_of(definition, self._definitions.objects(), timestamp(self._clock.now()))
            if status != definition.get("status"):
                await self._api.update(DEFINITIONS, {**definition, "status": status}, subresource="status")
        serve_definitions(self._catalog, self._definitions.objects())
        return DONE

    async def _end(self, definition: Obj) -> Result:
        if CLEANUP not in (definition["metadata"].get("finalizers") or ()):
            return DONE
        resource = next((one for one in resources_of(definition) if one.version == storage_version(definition)), None)
        resource = resource or next(resources_of(definition), None)
        if resource is not None and await self._delete_all(resource):
            return Result(requeue_after=_AGAIN_SECONDS)
        meta = definition["metadata"]
        kept = [name for name in meta["finalizers"] if name != CLEANUP]
        text = "removed all instances"
        condition = {
            "type": "Terminating", "status": "False", "reason": "InstanceDeletionCompleted", "message": text,
            "lastTransitionTime": timestamp(self._clock.now()),
        }  # fmt: skip
        conditions = with_condition(dig(definition, "status", "conditions", default=[]), condition)
        changed = {**definition, "status": {**definition.get("status", {}), "conditions": conditions}}
        written = await self._api.update(DEFINITIONS, changed, subresource="status")
        await self._api.update(DEFINITIONS, {**written, "metadata": {**written["metadata"], "finalizers": kept}})
        return DONE

    async def _delete_all(self, resource: Resource) -> bool:
        """Delete a kind's objects; tell whether some remain."""
        for obj in (await self._api.list(resource)).items:
            if not is_deleting(obj):
                await _delete(self._api, resource, obj)
        return bool((await self._api.list(resource)).items)


async def _delete(api: Api, resource: Resource, obj: Obj) -> None:
    try:
        await api.delete(resource, namespace_of(obj), name_of(obj))
    except ApiError as error:
        if error.reason != "NotFound":
            raise


def serve_definitions(catalog: Catalog, definitions: Sequence[Obj]) -> None:
    """Make the catalogue serve what the definitions say."""
    ordered = sorted(definitions, key=lambda one: (one["spec"]["group"], name_of(one)))
    catalog.replace_custom([resource for one in ordered for resource in resources_of(one)])
