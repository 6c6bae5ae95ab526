"""ReplicaSet and ReplicationController: as many pods as they ask for (pkg/controller/replicaset, replication)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.controllers import conditions as cond
from k8slab.emulator.controllers.ownership import adopt, is_orphan, release
from k8slab.emulator.controllers.pod_control import PodControl, pod_from_template
from k8slab.emulator.controllers.pods import is_active, is_ready, seconds_until_available
from k8slab.emulator.controllers.replicaset_ranking import pods_to_delete
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, controller_key, own_key
from k8slab.kube.objects import (
    Obj,
    controller_of,
    dig,
    is_deleting,
    key_of,
    labels_of,
    namespace_of,
    uid_of,
)
from k8slab.kube.resources import PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, Resource
from k8slab.kube.selectors import LabelSelector, label_selector_of
from k8slab.kube.status import ApiError

_BURST = 500  # BurstReplicas: at most so many creations or deletions in one sync


class ReplicaSetController:
    """Creates and deletes pods, adopts matching orphans, reports how many are ready and available."""

    name = "replicaset-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._resource = self.resource()
        self._sets = desk.informer(self._resource)
        self._pods = desk.informer(PODS)
        self._control = PodControl(self._api, desk.recorder(self.name))

    def resource(self) -> Resource:
        """Return the resource that the controller works for."""
        return REPLICA_SETS

    def selector(self, replica_set: Obj) -> LabelSelector:
        """Return which pods are those of an object."""
        return label_selector_of(dig(replica_set, "spec", "selector"))

    def watches(self) -> Sequence[Watch]:
        """React to ReplicaSets, to their pods, and to orphans that they may adopt."""
        return (Watch(self._resource, own_key), Watch(PODS, self._sets_of))

    def _sets_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        yield from controller_key(self._resource.kind)(before, after)
        if after is not None and is_orphan(after):
            for candidate in self._sets.objects(namespace_of(after)):
                if self.selector(candidate).matches(labels_of(after)):
                    yield key_of(candidate)

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one ReplicaSet's pods to the number it asks for and write its status."""
        replica_set = self._sets.get(key.namespace, key.name)
        if replica_set is None:
            return DONE
        selector = self.selector(replica_set)
        pods = await self._claim(replica_set, selector)
        failure: ApiError | None = None
        missing = int(dig(replica_set, "spec", "replicas", default=1)) - len(pods)
        if not is_deleting(replica_set):
            failure = await self._manage(replica_set, pods, missing)
        await self._write_status(replica_set, pods, failure, missing)
        if failure is not None:
            raise failure
        return self._next_check(replica_set, pods)

    # --- pods ---

    async def _claim(self, replica_set: Obj, selector: LabelSelector) -> list[Obj]:
        """Return the pods that are ours, after adopting matching orphans and releasing those that left."""
        claimed = []
        for pod in self._pods.controlled_by(uid_of(replica_set)):
            if not is_active(pod):
                continue
            if selector.matches(labels_of(pod)):
                claimed.append(pod)
            elif not is_deleting(replica_set):
                await release(self._api, PODS, pod, replica_set)
        if not is_deleting(replica_set):
            claimed += await self._adopt(replica_set, selector)
        return claimed

    async def _adopt(self, replica_set: Obj, selector: LabelSelector) -> list[Obj]:
        orphans = [
            pod
            for pod in self._pods.select(namespace_of(replica_set), selector)
            if is_active(pod) and controller_of(pod) is None
        ]
        return await adopt(self._api, PODS, orphans, self._resource, replica_set)

    async def _manage(self, replica_set: Obj, pods: Sequence[Obj], missing: int) -> ApiError | None:
        try:
            if missing > 0:
                await self._create(replica_set, min(missing, _BURST))
            elif missing < 0:
                await self._delete(replica_set, pods, min(-missing, _BURST))
        except ApiError as error:
            return error
        return None

    async def _create(self, replica_set: Obj, count: int) -> None:
        template = dig(replica_set, "spec", "template", default={})
        pods = [pod_from_template(replica_set, template) for _ in range(count)]
        await self._control.create_all(replica_set, pods)

    async def _delete(self, replica_set: Obj, pods: Sequence[Obj], count: int) -> None:
        for pod in pods_to_delete(pods, self._related(replica_set), count, self._desk.clock.now()):
            await self._control.delete(replica_set, pod)

    def _related(self, replica_set: Obj) -> list[Obj]:
        owner = controller_of(replica_set)
        siblings = [replica_set] if owner is None else self._sets.controlled_by(owner["uid"])
        return [pod for sibling in siblings for pod in self._pods.controlled_by(uid_of(sibling))]

    # --- status ---

    async def _write_status(
        self, replica_set: Obj, pods: Sequence[Obj], failure: ApiError | None, missing: int
    ) -> None:
        old = replica_set.get("status") or {}
        new = {**old, **self._counts(replica_set, pods), "observedGeneration": replica_set["metadata"]["generation"]}
        new["conditions"] = self._conditions(old.get("conditions") or [], failure, missing)
        for name in ("conditions", "readyReplicas", "availableReplicas", "fullyLabeledReplicas"):
            if not new[name]:
                del new[name]
        if new != old:
            await self._api.update(self._resource, {**replica_set, "status": new}, subresource="status")

    def _counts(self, replica_set: Obj, pods: Sequence[Obj]) -> dict[str, int]:
        wanted = dig(replica_set, "spec", "template", "metadata", "labels", default={}).items()
        min_ready, now = int(dig(replica_set, "spec", "minReadySeconds", default=0)), self._desk.clock.now()
        return {
            "replicas": len(pods),
            "fullyLabeledReplicas": sum(wanted <= labels_of(pod).items() for pod in pods),
            "readyReplicas": sum(is_ready(pod) for pod in pods),
            "availableReplicas": sum(seconds_until_available(pod, min_ready, now) == 0 for pod in pods),
        }

    def _conditions(
        self, conditions: list[cond.Condition], failure: ApiError | None, missing: int
    ) -> list[cond.Condition]:
        if failure is None:
            return cond.without(conditions, "ReplicaFailure")
        if cond.find(conditions, "ReplicaFailure") is not None:
            return conditions
        failed: cond.Condition = {
            "type": "ReplicaFailure",
            "status": "True",
            "reason": "FailedCreate" if missing > 0 else "FailedDelete",
            "message": failure.message if missing > 0 else f"unable to delete pods: {failure.message}",
            "lastTransitionTime": timestamp(self._desk.clock.now()),
        }
        return cond.with_condition(conditions, failed)

    def _next_check(self, replica_set: Obj, pods: Sequence[Obj]) -> Result:
        min_ready, now = int(dig(replica_set, "spec", "minReadySeconds", default=0)), self._desk.clock.now()
        waits = [wait for pod in pods if (wait := seconds_until_available(pod, min_ready, now))]
        return Result(requeue_after=min(waits)) if waits else DONE


class ReplicationControllerController(ReplicaSetController):
    """The same for the older kind, whose selector is a plain map of labels."""

    name = "replication-controller"

    def resource(self) -> Resource:
        """Return the resource that the controller works for."""
        return REPLICATION_CONTROLLERS

    def selector(self, replica_set: Obj) -> LabelSelector:
        """Return which pods are those of an object."""
        return label_selector_of({"matchLabels": dig(replica_set, "spec", "selector", default={})})
