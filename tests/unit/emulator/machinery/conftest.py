"""The real registry in memory, in process."""

from collections.abc import AsyncIterator

import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.registry.local import LocalApi
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.resources import NAMESPACES, SERVICE_ACCOUNTS, Catalog
from k8slab.kube.schema import Schema


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store() -> Store:
    return Store(steps=5)


@pytest.fixture
async def api(store: Store, clock: ManualClock) -> AsyncIterator[LocalApi]:
    made = LocalApi(Registry(store, Catalog(), Schema.load(), clock, Entropy(1)))
    await made.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    await made.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "default"}})
    yield made
    store.close()
