"""Controller references: claiming, adopting and releasing objects (pkg/controller/controller_ref_manager.go)."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.emulator.api import Api
from k8slab.kube.objects import Obj, controller_of, is_deleting, name_of, namespace_of, owner_references, uid_of
from k8slab.kube.resources import Resource
from k8slab.kube.status import ApiError

# The object went away or changed hands between our look and our write: nothing to do, the watch will tell.
_PASSED_BY = frozenset({"NotFound", "Invalid"})


def controller_reference(owner: Obj) -> Obj:
    """Return the owner reference that makes ``owner`` the controller of an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": uid_of(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_orphan(obj: Obj) -> bool:
    """Tell whether no controller has the object and it may be adopted."""
    return controller_of(obj) is None and not is_deleting(obj)


async def adopt(
    api: Api, resource: Resource, orphans: Sequence[Obj], owner_resource: Resource, owner: Obj
) -> list[Obj]:
    """Give orphans a controller; return those that have it now.

    The owner is read afresh first, so that nothing is adopted by what is already being deleted.
    """
    if not orphans:
        return []
    fresh = await api.get(owner_resource, namespace_of(owner), name_of(owner))
    if uid_of(fresh) != uid_of(owner) or is_deleting(fresh):
        return []
    adopted = []
    for orphan in orphans:
        references = [*owner_references(orphan), controller_reference(owner)]
        patch = {"metadata": {"uid": uid_of(orphan), "ownerReferences": references}}
        try:
            adopted.append(await api.patch(resource, namespace_of(orphan), name_of(orphan), patch))
        except ApiError as error:
            if error.reason not in _PASSED_BY:
                raise
    return adopted


async def release(api: Api, resource: Resource, obj: Obj, owner: Obj) -> None:
    """Take the owner's reference off an object that it no longer selects."""
    references = [reference for reference in owner_references(obj) if reference.get("uid") != uid_of(owner)]
    patch = {"metadata": {"uid": uid_of(obj), "ownerReferences": references or None}}
    try:
        await api.patch(resource, namespace_of(obj), name_of(obj), patch)
    except ApiError as error:
        if error.reason not in _PASSED_BY:
            raise
