"""The API in process, for the controllers and the node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from k8slab.emulator.api import DeleteOptions, ObjectList, PatchType, WatchEvent
from k8slab.emulator.registry.options import ListOptions, WatchOptions
from k8slab.emulator.registry.registry import Registry
from k8slab.kube.objects import Obj, name_of, namespace_of
from k8slab.kube.resources import Resource


class LocalApi:
    """``emulator.api.Api`` over a registry: the same rules as over HTTPS, without the wire."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object."""
        return self._registry.get(resource, namespace, name).decode()

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """Return a collection and the revision it was read at."""
        options = ListOptions(label_selector=label_selector, field_selector=field_selector)
        page = self._registry.list(resource, namespace, options)
        return ObjectList([entry.decode() for entry in page.entries], page.revision)

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        since: int | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        """Yield changes after ``since``; with None the present objects, a ``BOOKMARK``, then the changes."""
        options = WatchOptions(
            since=since,
            label_selector=label_selector,
            field_selector=field_selector,
            send_initial_events=True if since is None else None,
            resource_version_match="NotOlderThan" if since is None else "",
            bookmarks=True,
        )
        async with aclosing(self._registry.watch(resource, namespace, options)) as changes:
            async for change in changes:
                yield WatchEvent(change.type, change.entry.decode(), change.revision)

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        """Store a new object, or call a subresource of ``name``."""
        entry = await self._registry.create(resource, namespace_of(obj), obj, subresource=subresource, name=name)
        return entry.decode()

    async def update(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """Replace an object or its part."""
        entry = await self._registry.update(resource, namespace_of(obj), name_of(obj), obj, subresource=subresource)
        return entry.decode()

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
        entry = await self._registry.patch(resource, namespace, name, patch, patch_type, subresource=subresource)
        return entry.decode()

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None) -> Obj:
        """Begin or finish a deletion; return the object's last state."""
        return (await self._registry.delete(resource, namespace, name, options)).entry.decode()
