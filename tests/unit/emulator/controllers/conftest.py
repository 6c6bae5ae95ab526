"""Controllers over the real registry in memory, with a kubelet that makes pods run at once."""

# ruff: noqa: ANN001, ANN202, ANN204

import itertools

import pytest

from k8slab.clock import Entropy, ManualClock, timestamp
from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.controllers.bootstrap import bootstrap
from k8slab.emulator.controllers.daemonset.nodes import node_of
from k8slab.emulator.machinery.controller import DONE, Desk, Watch, own_key
from k8slab.emulator.machinery.manager import Manager, run_to_fixed_point
from k8slab.emulator.registry.local import LocalApi
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.objects import find_condition, is_deleting, name_of
from k8slab.kube.resources import EVENTS, PODS, SERVICE_ACCOUNTS, Catalog
from k8slab.kube.schema import Schema


class WatchedApi(LocalApi):
    """The API in process; notes each write and lets a test refuse some."""

    def __init__(self, registry):
        super().__init__(registry)
        self.writes = []
        self.fail = None

    def _note(self, verb, resource, obj):
        self.writes.append((verb, resource.plural, name_of(obj)))
        if self.fail is not None:
            self.fail(verb, resource, obj)

    async def create(self, resource, obj, *, subresource="", name=""):
        self._note("create", resource, obj)
        return await super().create(resource, obj, subresource=subresource, name=name)

    async def update(self, resource, obj, *, subresource=""):
        self._note("update", resource, obj)
        return await super().update(resource, obj, subresource=subresource)

    async def patch(self, resource, namespace, name, patch, *, patch_type="merge", subresource=""):
        self._note("patch", resource, {"metadata": {"name": name}})
        return await super().patch(resource, namespace, name, patch, patch_type=patch_type, subresource=subresource)

    async def delete(self, resource, namespace, name, options=None):
        self._note("delete", resource, {"metadata": {"name": name}})
        return await super().delete(resource, namespace, name, options)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture(scope="session")
def schema():
    return Schema.load()


@pytest.fixture
async def api(clock, schema):
    store = Store()
    made = WatchedApi(Registry(store, Catalog(), schema, clock, Entropy(1)))
    await bootstrap(made)
    await made.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "default"}})
    made.writes.clear()
    yield made
    store.close()


class Kubelet:
    """Runs pods at once: they are ready unless their image is ``bad``; deleted pods vanish unless it holds them."""

    name = "kubelet"
    workers = 1

    def __init__(self, desk):
        self.desk = desk
        self.pods = desk.informer(PODS)
        self.hold = set()
        self.ready = True
        self.addresses = itertools.count(2)

    def watches(self):
        return (Watch(PODS, own_key),)

    async def sync(self, key):
        pod = self.pods.get(*key)
        if pod is None or name_of(pod) in self.hold:
            return DONE
        if is_deleting(pod):
            await self.desk.api.delete(PODS, *key, DeleteOptions(grace_period_seconds=0))
            return DONE
        bad = any(container["image"] == "bad" for container in pod["spec"]["containers"])
        if pod["spec"].get("nodeName") is None:
            binding = {"apiVersion": "v1", "kind": "Binding", "target": {"kind": "Node"}}
            binding["target"]["name"] = node_of(pod) or "k8slab"
            binding["metadata"] = {"name": key.name, "namespace": key.namespace}
            await self.desk.api.create(PODS, binding, subresource="binding", name=key.name)
            pod = await self.desk.api.get(PODS, *key)
        ready = "True" if self.ready and not bad else "False"
        status = pod.get("status", {})
        if find_condition(pod, "Ready") and find_condition(pod, "Ready")["status"] == ready:
            return DONE
        moment = timestamp(self.desk.clock.now())
        conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": moment}]
        address = status.get("podIP") or f"10.244.0.{next(self.addresses)}"
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
        await self.desk.api.update(PODS, {**pod, "status": status}, subresource="status")
        return DONE


class Lab:
    def __init__(self, api, clock):
        self.api = api
        self.clock = clock
        self.desk = Desk(api, clock, Entropy(2))
        self.kubelet = Kubelet(self.desk)
        self.manager = None

    async def start(self, *controllers: type) -> None:
        made = [controller(self.desk) for controller in controllers]
        self.manager = Manager(self.desk, [*made, self.kubelet])
        await self.manager.start()
        await self.settle()

    async def settle(self):
        await run_to_fixed_point(self.manager)

    async def advance(self, seconds):
        await self.clock.advance(seconds)
        await self.settle()

    async def names(self, resource, namespace=""):
        return sorted(name_of(obj) for obj in (await self.api.list(resource, namespace)).items)

    async def messages(self, reason=""):
        """Return the texts of events, oldest first."""
        events = (await self.api.list(EVENTS)).items
        events.sort(key=lambda event: int(name_of(event).rpartition(".")[2], 16))
        return [event["message"] for event in events if not reason or event["reason"] == reason]

    async def change(self, resource, name, patch, namespace="default"):
        changed = await self.api.patch(resource, namespace, name, patch)
        await self.settle()
        return changed


@pytest.fixture
async def lab(api, clock):
    made = Lab(api, clock)
    yield made
    if made.manager is not None:
        await made.manager.stop()
