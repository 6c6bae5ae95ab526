"""Creations that a namespace refuses because it is being deleted: nothing to retry, nothing to report."""

from __future__ import annotations

from k8slab.emulator.api import Api
from k8slab.kube.objects import Obj, dig
from k8slab.kube.resources import Resource
from k8slab.kube.status import ApiError


def namespace_ends(error: ApiError) -> bool:
    """Tell whether a creation failed because the namespace is being deleted (v1.NamespaceTerminatingCause)."""
    causes = dig(error.status, "details", "causes", default=[])
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


async def create_unless_ending(api: Api, resource: Resource, obj: Obj) -> Obj | None:
    """Create an object; None when its namespace is being deleted."""
    try:
        return await api.create(resource, obj)
    except ApiError as error:
        if namespace_ends(error):
            return None
        raise
