"""The API in process, for programs of pods: the same rights as over HTTPS with the pod's token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from k8slab.emulator.api import Api, Caller, DeleteOptions, ObjectList, PatchType, WatchEvent
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.kube.objects import Obj, name_of, namespace_of
from k8slab.kube.rbac import Attributes
from k8slab.kube.resources import Resource


class AuthorizedApi:
    """``emulator.api.Api`` that asks the authoriser about each call; every method raises ``ApiError`` 401 or 403.

    ``caller`` finds out who asks, anew for each call: a token may end.
    """

    def __init__(self, api: Api, authorizer: Authorizer, caller: Callable[[], Caller]) -> None:
        self._api = api
        self._authorizer = authorizer
        self._caller = caller

    def _demand(self, verb: str, resource: Resource, namespace: str, name: str = "", subresource: str = "") -> None:
        namespace = namespace if resource.namespaced else ""
        wanted = Attributes(verb, resource.group, resource.plural, subresource, namespace, name)
        self._authorizer.demand(self._caller(), wanted)

    async def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object."""
        self._demand("get", resource, namespace, name)
        return await self._api.get(resource, namespace, name)

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """Return a collection and the revision it was read at."""
        self._demand("list", resource, namespace, _one_name(field_selector))
        return await self._api.list(resource, namespace, label_selector=label_selector, field_selector=field_selector)

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        since: int | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        """Yield changes after ``since``; to begin with the present objects is to list them."""
        name = _one_name(field_selector)
        if since is None:
            self._demand("list", resource, namespace, name)
        self._demand("watch", resource, namespace, name)
        selectors = {"label_selector": label_selector, "field_selector": field_selector}
        async for event in self._api.watch(resource, namespace, since=since, **selectors):
            yield event

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        """Store a new object, or call a subresource of ``name``."""
        self._demand("create", resource, namespace_of(obj), name, subresource)
        return await self._api.create(resource, obj, subresource=subresource, name=name)

    async def update(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """Replace an object or its part."""
        self._demand("update", resource, namespace_of(obj), name_of(obj), subresource)
        return await self._api.update(resource, obj, subresource=subresource)

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
        self._demand("patch", resource, namespace, name, subresource)
        return await self._api.patch(resource, namespace, name, patch, patch_type=patch_type, subresource=subresource)

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None) -> Obj:
        """Begin or finish a deletion."""
        self._demand("delete", resource, namespace, name)
        return await self._api.delete(resource, namespace, name, options)


def _one_name(field_selector: str) -> str:
    prefix = "metadata.name="
    return field_selector.removeprefix(prefix) if field_selector.startswith(prefix) else ""
