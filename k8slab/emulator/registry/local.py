"""The API in process, for the controllers and the node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from k8slab.emulator.api import DeleteOptions, ObjectList, PatchType, WatchEvent
from k8slab.emulator.registry.options import Entry, ListOptions, WatchOptions, WriteOptions
from k8slab.emulator.registry.registry import Registry
from k8slab.kube.objects import Obj, metadata, name_of, namespace_of
from k8slab.kube.resources import Resource


class LocalApi:
    """``emulator.api.Api`` over a registry: the same rules as over HTTPS, without the wire.

    What is written belongs to ``manager``. Objects come without ``managedFields``, which parts of the cluster do not
    need: writing such an object back keeps what the stored one has.
    """

    def __init__(self, registry: Registry, manager: str = "kube-controller-manager") -> None:
        self._registry = registry
        self._options = WriteOptions(manager=manager)

    def managed_by(self, manager: str) -> LocalApi:
        """Return the same API for a part of another name."""
        return LocalApi(self._registry, manager)

    async def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object."""
        return _bare(self._registry.get(resource, namespace, name))

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """Return a collection and the revision it was read at."""
        options = ListOptions(label_selector=label_selector, field_selector=field_selector)
        page = self._registry.list(resource, namespace, options)
        return ObjectList([_bare(entry) for entry in page.entries], page.revision)

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
                yield WatchEvent(change.type, _bare(change.entry), change.revision)

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        """Store a new object, or call a subresource of ``name``."""
        entry = await self._registry.create(
            resource, namespace_of(obj), obj, subresource=subresource, name=name, options=self._options
        )
        return _bare(entry)

    async def update(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """Replace an object or its part."""
        entry = await self._registry.update(
            resource, namespace_of(obj), name_of(obj), obj, subresource=subresource, options=self._options
        )
        return _bare(entry)

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
        entry = await self._registry.patch(
            resource, namespace, name, patch, patch_type, subresource=subresource, options=self._options
        )
        return _bare(entry)

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None) -> Obj:
        """Begin or finish a deletion; return the object's last state."""
        return _bare((await self._registry.delete(resource, namespace, name, options)).entry)


def _bare(entry: Entry) -> Obj:
    obj = entry.decode()
    metadata(obj).pop("managedFields", None)
    return obj
