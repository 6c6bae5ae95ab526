"""Admission plugins that Kubernetes has on by default, as far as they refuse: before validation, at creation."""

from __future__ import annotations

from collections.abc import Callable

from k8slab.kube.objects import Obj, is_deleting, metadata, name_of
from k8slab.kube.resources import PODS, Resource
from k8slab.kube.status import ApiError, forbidden, not_found

# Returns a stored object by (kind, namespace, name), or None.
Lookup = Callable[[str, str, str], Obj | None]


def admit(resource: Resource, namespace: str, obj: Obj, lookup: Lookup) -> None:
    """Raise ``ApiError`` for what the plugins refuse."""
    if resource.namespaced:
        _namespace_lifecycle(resource, namespace, obj, lookup)
    if resource == PODS:
        _service_account(resource, namespace, obj, lookup)
        _priority(resource, obj)


def _namespace_lifecycle(resource: Resource, namespace: str, obj: Obj, lookup: Lookup) -> None:
    found = lookup("Namespace", "", namespace)
    if found is None:
        raise not_found("", "namespaces", namespace)
    if is_deleting(found):
        raise _terminating(resource, namespace, name_of(obj))


def _terminating(resource: Resource, namespace: str, name: str) -> ApiError:
    cause = f"unable to create new content in namespace {namespace} because it is being terminated"
    error = forbidden(resource.group, resource.plural, name, cause)
    told = {"message": f"namespace {namespace} is being terminated", "field": "metadata.namespace"}
    error.status["details"]["causes"] = [{"reason": "NamespaceTerminating", **told}]
    return error


def _service_account(resource: Resource, namespace: str, obj: Obj, lookup: Lookup) -> None:
    account = str((obj.get("spec") or {}).get("serviceAccountName") or "default")
    if "kubernetes.io/config.mirror" in (metadata(obj).get("annotations") or {}):
        return
    if lookup("ServiceAccount", namespace, account) is None:
        cause = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise forbidden(resource.group, resource.plural, name_of(obj), cause)


def _priority(resource: Resource, obj: Obj) -> None:
    priority = (obj.get("spec") or {}).get("priority")
    if priority:
        cause = (
            f"the integer value of priority ({priority}) must not be provided in pod spec; "
            "priority admission controller computed 0 from the given PriorityClass name"
        )
        raise forbidden(resource.group, resource.plural, name_of(obj), cause)
