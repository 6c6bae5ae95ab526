"""A small API in memory: enough of Kubernetes' rules for controllers to run on."""

# ruff: noqa: ANN001, ANN202, ANN204

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from k8slab.clock import Entropy, ManualClock, timestamp
from k8slab.emulator.api import DeleteOptions, ObjectList, WatchEvent
from k8slab.emulator.machinery.controller import DONE, Desk, Watch, copy_of, own_key
from k8slab.emulator.machinery.manager import Manager, run_to_fixed_point
from k8slab.kube import status
from k8slab.kube.objects import ObjectKey, dig, find_condition, is_deleting, key_of, labels_of, name_of, namespace_of
from k8slab.kube.resources import EVENTS, PODS
from k8slab.kube.selectors import parse_label_selector


class MemoryApi:
    def __init__(self, clock, entropy):
        self.clock, self.entropy = clock, entropy
        self.objects = {}
        self.log = []
        self.writes = []
        self.fail = None
        self._more = asyncio.Event()
        self._revision = itertools.count(1)
        self.revision = 0
        self.compacted = 0

    def _commit(self, resource, kind, obj):
        self.revision = next(self._revision)
        if kind != "DELETED":
            obj["metadata"]["resourceVersion"] = str(self.revision)
            self.objects[resource.qualified_name, key_of(obj)] = copy_of(obj)
        else:
            self.objects.pop((resource.qualified_name, key_of(obj)), None)
        self.log.append((self.revision, resource.qualified_name, WatchEvent(kind, copy_of(obj), self.revision)))
        self._more.set()
        self._more = asyncio.Event()
        return copy_of(obj)

    def _find(self, resource, namespace, name):
        found = self.objects.get((resource.qualified_name, ObjectKey(namespace, name)))
        if found is None:
            raise status.not_found(resource.group, resource.plural, name)
        return copy_of(found)

    async def get(self, resource, namespace, name):
        await asyncio.sleep(0)
        return self._find(resource, namespace, name)

    async def list(self, resource, namespace="", *, label_selector="", field_selector=""):
        del field_selector
        await asyncio.sleep(0)
        selector = parse_label_selector(label_selector)
        items = [
            copy_of(obj)
            for (plural, key), obj in sorted(self.objects.items())
            if plural == resource.qualified_name
            and namespace in ("", key.namespace)
            and selector.matches(labels_of(obj))
        ]
        return ObjectList(items, self.revision)

    async def watch(
        self, resource, namespace="", *, since=None, label_selector="", field_selector=""
    ) -> AsyncIterator[WatchEvent]:
        del label_selector, field_selector
        if since is None:
            since = self.revision
            for obj in (await self.list(resource, namespace)).items:
                yield WatchEvent("ADDED", obj, int(obj["metadata"]["resourceVersion"]))
            yield WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": str(since)}}, since)
        if since < self.compacted:
            raise status.gone(f"too old resource version: {since} ({self.compacted})")
        position = next((i for i, entry in enumerate(self.log) if entry[0] > since), len(self.log))
        while True:
            more = self._more
            while position < len(self.log):
                revision, plural, event = self.log[position]
                position += 1
                if plural == resource.qualified_name and revision > since:
                    yield WatchEvent(event.type, copy_of(event.object), revision)
            await more.wait()

    def _check(self, verb, resource, obj):
        self.writes.append((verb, resource.plural, name_of(obj)))
        if self.fail is not None:
            self.fail(verb, resource, obj)

    async def create(self, resource, obj, *, subresource="", name=""):
        await asyncio.sleep(0)
        self._check("create", resource, obj)
        if subresource == "binding":
            pod = self._find(resource, namespace_of(obj), name)
            pod["spec"]["nodeName"] = obj["target"]["name"]
            conditions = pod.setdefault("status", {}).setdefault("conditions", [])
            conditions[:] = [entry for entry in conditions if entry["type"] != "PodScheduled"]
            now = timestamp(self.clock.now())
            conditions.append({"type": "PodScheduled", "status": "True", "lastTransitionTime": now})
            self._commit(resource, "MODIFIED", pod)
            return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        obj = copy_of(obj)
        meta = obj["metadata"]
        if not meta.get("name"):
            meta["name"] = meta["generateName"] + self.entropy.suffix()
        if (resource.qualified_name, key_of(obj)) in self.objects:
            raise status.already_exists(resource.group, resource.plural, meta["name"])
        meta.update(uid=self.entropy.uid(), creationTimestamp=timestamp(self.clock.now()), generation=1)
        obj.setdefault("kind", resource.kind)
        obj.setdefault("apiVersion", resource.api_version)
        if resource.kind == "Pod":
            obj.setdefault("status", {}).setdefault("phase", "Pending")
        if resource.kind == "Namespace":
            obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
            obj.setdefault("status", {}).setdefault("phase", "Active")
        return self._commit(resource, "ADDED", obj)

    async def update(self, resource, obj, *, subresource=""):
        await asyncio.sleep(0)
        self._check("update", resource, obj)
        old = self._find(resource, namespace_of(obj), name_of(obj))
        new = copy_of(obj)
        if new["metadata"].get("resourceVersion", old["metadata"]["resourceVersion"]) != dig(
            old, "metadata", "resourceVersion"
        ):
            raise status.conflict(resource.group, resource.plural, name_of(obj), status.MODIFIED)
        return self._replace(resource, old, new, subresource)

    def _replace(self, resource, old, new, subresource):
        for field in ("uid", "creationTimestamp", "deletionTimestamp", "generation", "resourceVersion"):
            if field in old["metadata"]:
                new["metadata"][field] = old["metadata"][field]
        if subresource == "status":
            new["spec"] = old.get("spec")
        elif "status" in old and subresource != "finalize":
            new["status"] = old["status"]
        if new == old:
            return old
        if new.get("spec") != old.get("spec") or new.get("endpoints") != old.get("endpoints"):
            new["metadata"]["generation"] += 1
        finished = not new["metadata"].get("finalizers") and not (
            resource.kind == "Namespace" and new["spec"]["finalizers"]
        )
        if is_deleting(new) and finished and not dig(new, "metadata", "deletionGracePeriodSeconds", default=0):
            return self._commit(resource, "DELETED", new)
        return self._commit(resource, "MODIFIED", new)

    async def patch(self, resource, namespace, name, patch, *, patch_type="merge", subresource=""):
        assert patch_type == "merge"
        await asyncio.sleep(0)
        old = self._find(resource, namespace, name)
        self._check("patch", resource, old)
        version = dig(patch, "metadata", "resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise status.conflict(resource.group, resource.plural, name, status.MODIFIED)
        return self._replace(resource, old, _merge(old, patch), subresource)

    async def delete(self, resource, namespace, name, options=None):
        await asyncio.sleep(0)
        obj = self._find(resource, namespace, name)
        self._check("delete", resource, obj)
        uid = options.preconditions.uid if options else ""
        if uid and uid != obj["metadata"]["uid"]:
            raise status.conflict(resource.group, resource.plural, name, "Precondition failed: UID")
        meta = obj["metadata"]
        policy = options.propagation_policy if options else ""
        extra = {"Foreground": ["foregroundDeletion"], "Orphan": ["orphan"]}.get(policy, [])
        if extra:
            meta["finalizers"] = meta.get("finalizers", []) + extra
        grace = options.grace_period_seconds if options else None
        if resource.kind == "Pod" and grace is None and dig(obj, "spec", "nodeName"):
            grace = 30
        if resource.kind == "Namespace":
            obj["status"]["phase"] = "Terminating"
        if meta.get("finalizers") or grace or (resource.kind == "Namespace" and obj["spec"]["finalizers"]):
            if is_deleting(obj):
                return obj
            meta["deletionTimestamp"] = timestamp(self.clock.now())
            meta["deletionGracePeriodSeconds"] = grace or 0
            return self._commit(resource, "MODIFIED", obj)
        self._commit(resource, "DELETED", obj)
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}


def _merge(old, patch):
    merged = dict(old)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merge(merged.get(name) or {}, value)
        else:
            merged[name] = value
    return merged


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def api(clock):
    return MemoryApi(clock, Entropy(1))


# --- a lab: controllers over that API, with a kubelet that makes pods run ---


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
            binding = {"apiVersion": "v1", "kind": "Binding", "target": {"kind": "Node", "name": "k8slab"}}
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
