"""Admission plugins that Kubernetes has on by default, as far as they refuse or add: before validation, at creation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8slab.emulator.registry.limits import apply_defaults
from k8slab.emulator.registry.priority import resolve_priority
from k8slab.kube.objects import Obj, annotations_of, is_deleting, metadata, name_of
from k8slab.kube.resources import CLAIMS, LIMIT_RANGES, NAMESPACES, PODS, PRIORITY_CLASSES, STORAGE_CLASSES, Resource
from k8slab.kube.status import ApiError, forbidden, not_found

_IMMORTAL = ("default", "kube-system", "kube-public")
# Returns a stored object by (kind, namespace, name), or None.
Lookup = Callable[[str, str, str], Obj | None]
# Returns the stored objects of a resource in a namespace (empty: everywhere).
Listing = Callable[[Resource, str], Sequence[Obj]]
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def admit(resource: Resource, namespace: str, obj: Obj, lookup: Lookup, listing: Listing) -> None:
    """Fill in what depends on other objects; raise ``ApiError`` for what the plugins refuse."""
    if resource.namespaced:
        _namespace_lifecycle(resource, namespace, obj, lookup)
    if resource == PODS:
        _service_account(resource, namespace, obj, lookup)
        resolve_priority(obj, listing(PRIORITY_CLASSES, ""))
        apply_defaults(obj, listing(LIMIT_RANGES, namespace))
    if resource == CLAIMS:
        _default_storage_class(obj, listing)


def _default_storage_class(claim: Obj, listing: Listing) -> None:
    """Give a claim without class the default one, the newest when there are several (DefaultStorageClass)."""
    if claim["spec"].get("storageClassName") is not None or "volume.beta.kubernetes.io/storage-class" in (
        annotations_of(claim)
    ):
        return
    found = [entry for entry in listing(STORAGE_CLASSES, "") if annotations_of(entry).get(_DEFAULT_CLASS) == "true"]
    if found:
        newest = max(found, key=lambda entry: (entry["metadata"]["creationTimestamp"], name_of(entry)))
        claim["spec"]["storageClassName"] = name_of(newest)


def admit_deletion(resource: Resource, name: str) -> None:
    """Raise 403 for namespaces that a cluster cannot be without (plugin NamespaceLifecycle)."""
    if resource == NAMESPACES and name in _IMMORTAL:
        raise forbidden(resource.group, resource.plural, name, "this namespace may not be deleted")


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
    found = lookup("ServiceAccount", namespace, account)
    if found is None:
        cause = f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        raise forbidden(resource.group, resource.plural, name_of(obj), cause)
    # plugin/pkg/admission/serviceaccount: a pod that names none takes its account's.
    spec, inherited = obj["spec"], found.get("imagePullSecrets")
    if inherited and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = inherited
