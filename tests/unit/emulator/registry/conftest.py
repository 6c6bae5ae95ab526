from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.resources import NAMESPACES, SERVICE_ACCOUNTS, SERVICES, STORAGE_CLASSES, Catalog, Resource
from k8slab.kube.schema import Schema

Obj = dict[str, Any]


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema.load()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def registry(store: Store, schema: Schema, clock: ManualClock) -> Registry:
    """A registry with the namespace ``h2``, its service account and one NodePort that is taken."""
    made = Registry(store, Catalog(), schema, clock, Entropy(1))
    for namespace in ("default", "h2"):
        await made.create(NAMESPACES, "", {"metadata": {"name": namespace}})
        await made.create(SERVICE_ACCOUNTS, namespace, {"metadata": {"name": "default"}})
    port = {"name": "80-80", "port": 80, "nodePort": 31999}
    await made.create(SERVICES, "h2", {"metadata": {"name": "taken"}, "spec": {"type": "NodePort", "ports": [port]}})
    https = {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}
    await made.create(SERVICES, "default", {"metadata": {"name": "kubernetes"}, "spec": https})
    default = {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    await made.create(STORAGE_CLASSES, "", {"metadata": default, "provisioner": "rancher.io/local-path"})
    return made


@pytest.fixture
def resource_of() -> Callable[[str], Resource]:
    return lambda plural: next(resource for resource in Catalog() if resource.plural == plural)
