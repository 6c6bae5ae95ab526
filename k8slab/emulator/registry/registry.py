"""The one way to the objects: each verb of the API, with the rules of each kind around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from k8slab.clock import Clock, Entropy
from k8slab.emulator.api import DeleteOptions, PatchType
from k8slab.emulator.registry.options import ListOptions, Outcome, Page, WatchOptions
from k8slab.emulator.store import Change, Entry, Store
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Catalog, Resource
from k8slab.kube.schema import Schema


class Registry:
    """Reads and writes objects as the API server does. Every method raises ``kube.status.ApiError``."""

    def __init__(self, store: Store, catalog: Catalog, schema: Schema, clock: Clock, entropy: Entropy) -> None:
        self._store = store
        self._catalog = catalog
        self._schema = schema
        self._clock = clock
        self._entropy = entropy

    def get(self, resource: Resource, namespace: str, name: str, *, subresource: str = "") -> Entry:
        """Return one object."""
        raise NotImplementedError

    def list(self, resource: Resource, namespace: str = "", options: ListOptions | None = None) -> Page:
        """Return a collection, or a page of it."""
        raise NotImplementedError

    def watch(
        self, resource: Resource, namespace: str = "", options: WatchOptions | None = None
    ) -> AsyncGenerator[Change, None]:
        """Yield changes in the order of their revisions."""
        raise NotImplementedError

    async def create(
        self,
        resource: Resource,
        namespace: str,
        obj: Obj,
        *,
        subresource: str = "",
        name: str = "",
        dry_run: bool = False,
    ) -> Entry:
        """Store a new object, or call a subresource such as ``binding`` or ``eviction`` of ``name``."""
        raise NotImplementedError

    async def update(
        self, resource: Resource, namespace: str, name: str, obj: Obj, *, subresource: str = "", dry_run: bool = False
    ) -> Entry:
        """Replace an object or its part."""
        raise NotImplementedError

    async def patch(  # noqa: PLR0913 - the parts of a PATCH request
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Obj | Sequence[Obj],
        patch_type: PatchType,
        *,
        subresource: str = "",
        dry_run: bool = False,
        conform: Callable[[Obj], Obj] | None = None,
    ) -> Entry:
        """Change the fields that the patch names.

        ``conform`` is called with the patched object and returns what to go on with (the API server checks types and
        notes unknown fields there); without it the registry drops unknown fields itself.
        """
        raise NotImplementedError

    async def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None
    ) -> Outcome:
        """Begin or finish a deletion."""
        raise NotImplementedError

    async def delete_collection(
        self,
        resource: Resource,
        namespace: str,
        options: DeleteOptions | None = None,
        selection: ListOptions | None = None,
    ) -> Page:
        """Delete what the selection finds; return what was found."""
        raise NotImplementedError
