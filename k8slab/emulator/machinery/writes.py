"""The API with one addition: whoever writes through it sees the write in the watched copies at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from k8slab.emulator.api import Api, DeleteOptions, ObjectList, PatchType, WatchEvent
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, ObjectKey
from k8slab.kube.resources import Resource


class ObservedApi:
    """An ``Api`` that hands the result of each write to the informer of its resource."""

    def __init__(self, api: Api, informer_of: Callable[[Resource], Informer | None]) -> None:
        self._api = api
        self._informer_of = informer_of

    async def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object."""
        return await self._api.get(resource, namespace, name)

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """Return a collection and the revision it was read at."""
        return await self._api.list(resource, namespace, label_selector=label_selector, field_selector=field_selector)

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        since: int | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        """Yield changes after a revision."""
        return self._api.watch(
            resource, namespace, since=since, label_selector=label_selector, field_selector=field_selector
        )

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        """Store a new object."""
        written = await self._api.create(resource, obj, subresource=subresource, name=name)
        # What a subresource answers (a Binding's Status) is not an object of the resource.
        return written if subresource else self._observed(resource, written)

    async def update(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """Replace an object or its status."""
        return self._observed(resource, await self._api.update(resource, obj, subresource=subresource))

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Obj | Sequence[Obj],
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> Obj:
        """Change the fields that the patch names."""
        written = await self._api.patch(
            resource, namespace, name, patch, patch_type=patch_type, subresource=subresource
        )
        return self._observed(resource, written)

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None) -> Obj:
        """Begin or finish a deletion."""
        written = await self._api.delete(resource, namespace, name, options)
        informer = self._informer_of(resource)
        if informer is not None:
            informer.observe_deletion(ObjectKey(namespace, name), written)
        return written

    def _observed(self, resource: Resource, written: Obj) -> Obj:
        informer = self._informer_of(resource)
        if informer is not None and written.get("kind") == resource.kind:
            informer.observe(written)
        return written
