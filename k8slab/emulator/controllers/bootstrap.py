"""The objects that every cluster has from its first second (pkg/controlplane)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.api import Api
from k8slab.emulator.controllers.rbac.defaults import default_policy
from k8slab.kube.objects import Obj, name_of, namespace_of
from k8slab.kube.resources import (
    COMPONENT_STATUSES,
    ENDPOINT_SLICES,
    ENDPOINTS,
    NAMESPACES,
    PRIORITY_CLASSES,
    SERVICES,
    STORAGE_CLASSES,
    Resource,
)
from k8slab.kube.status import ApiError

_PRIORITIES = {
    "system-node-critical": {
        "value": 2_000_001_000,
        "description": "Used for system critical pods that must not be moved from their current node.",
    },
    "system-cluster-critical": {
        "value": 2_000_000_000,
        "description": (
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."
        ),
    },
}
SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
SERVICE_ADDRESS = "10.96.0.1"
# Where pods reach the API server behind the Service.
SERVER_ADDRESS, SERVER_PORT = "172.18.0.2", 6443


async def bootstrap(api: Api, server_address: str = SERVER_ADDRESS, server_port: int = SERVER_PORT) -> None:
    """Create the system namespaces, the default roles and the Service ``default/kubernetes``, where missing.

    ``server_address`` and ``server_port`` are where pods reach the API server behind 10.96.0.1:443.
    """
    for resource, obj in _objects(server_address, server_port):
        try:
            await api.get(resource, namespace_of(obj), name_of(obj))
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            await api.create(resource, obj)


def _objects(address: str, port: int) -> Iterator[tuple[Resource, Obj]]:
    for name in SYSTEM_NAMESPACES:
        yield NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield from default_policy()
    yield STORAGE_CLASSES, _storage_class()
    for name in ("controller-manager", "etcd-0", "scheduler"):
        healthy = {"type": "Healthy", "status": "True", "message": "ok"}
        meta = {"name": name}
        yield (
            COMPONENT_STATUSES,
            {"kind": "ComponentStatus", "apiVersion": "v1", "metadata": meta, "conditions": [healthy]},
        )
    for name, value in _PRIORITIES.items():
        meta = {"name": name}
        yield (
            PRIORITY_CLASSES,
            {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": meta, **value},
        )
    yield SERVICES, _service(port)
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    yield (
        ENDPOINTS,
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {**_place(), "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": address}], "ports": ports}],
        },
    )
    yield (
        ENDPOINT_SLICES,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**_place(), "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": ports,
        },
    )


def _service(target_port: int) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**_place(), "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": SERVICE_ADDRESS,
            "clusterIPs": [SERVICE_ADDRESS],
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": target_port}],
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
    }


def _storage_class() -> Obj:
    """Return the default class, as kind has it."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "rancher.io/local-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _place() -> dict[str, str]:
    return {"name": "kubernetes", "namespace": "default"}
