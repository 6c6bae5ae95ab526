"""The scheduler: gives each pod a node, or says why none will do (pkg/scheduler)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from k8slab.clock import timestamp
from k8slab.emulator.controllers.pods import has_ended
from k8slab.emulator.controllers.scheduler_filters import Misfit, NodeLoad, explanation, misfit
from k8slab.emulator.controllers.scheduler_preemption import is_making_room, victims
from k8slab.emulator.controllers.scheduler_topology import Surroundings
from k8slab.emulator.controllers.scheduler_volumes import PodVolumes
from k8slab.emulator.controllers.volumes.claims import claims_used
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, key_of, labels_of, name_of, namespace_of, uid_of
from k8slab.kube.resources import CLAIMS, NAMESPACES, NODES, PODS
from k8slab.kube.status import ApiError

# Pods that fit nowhere are looked at again at least this often (flushUnschedulablePodsLeftover).
_AGAIN = 300.0


class Scheduler:
    """Binds pods to nodes, one pod at a time, so that no node is promised twice."""

    name = "default-scheduler"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._pods = desk.informer(PODS)
        self._nodes = desk.informer(NODES)
        self._namespaces = desk.informer(NAMESPACES)
        self._volumes = PodVolumes(desk)
        self._recorder = desk.recorder(self.name)
        # Pods that were bound but do not show it in the watched copies yet, by uid.
        self._assumed: dict[str, str] = {}

    def watches(self) -> Sequence[Watch]:
        """React to pods without node, and to everything that may make room for them."""
        return (Watch(PODS, self._after_pod), Watch(NODES, self._after_node), Watch(CLAIMS, self._after_claim))

    def _after_claim(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        claim = after if after is not None else before
        if claim is None:
            return []
        near = self._pods.objects(namespace_of(claim))
        return [key_of(pod) for pod in near if self._waits(pod) and name_of(claim) in claims_used(pod)]

    def _after_pod(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        pod = after if after is not None else before
        if pod is None:
            return
        if after is None or _node_of(after):
            self._assumed.pop(uid_of(pod), None)
        if after is not None and self._waits(after):
            yield key_of(after)
        leaves = after is None or has_ended(after)
        if leaves and before is not None and _node_of(before) and not has_ended(before):
            yield from self._waiting()

    def _after_node(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        if after is None or (before is not None and _offer(before) == _offer(after)):
            return
        yield from self._waiting()

    def _waiting(self) -> Iterable[ObjectKey]:
        return [key_of(pod) for pod in self._pods.objects() if self._waits(pod)]

    def _waits(self, pod: Obj) -> bool:
        mine = dig(pod, "spec", "schedulerName", default=self.name) == self.name
        gated = bool(dig(pod, "spec", "schedulingGates"))
        return mine and not gated and not _node_of(pod) and not is_deleting(pod) and not has_ended(pod)

    async def sync(self, key: ObjectKey) -> Result:
        """Bind one pod, or report why it has to wait."""
        pod = self._pods.get(key.namespace, key.name)
        if pod is None or not self._waits(pod) or uid_of(pod) in self._assumed:
            return DONE
        problem = self._volumes.problem(pod)
        loads = self._loads()
        if problem:
            await self._report(pod, f"0/{len(loads)} nodes are available: {problem}. not found")
            return Result(requeue_after=_AGAIN)
        misfits = {name_of(load.node): self._misfit(pod, load, loads) for load in loads}
        fitting = [load for load in loads if misfits[name_of(load.node)] is None]
        if not fitting:
            if await self._preempt(pod, loads):
                return DONE
            await self._report(pod, explanation([found for found in misfits.values() if found is not None]))
            return Result(requeue_after=_AGAIN)
        best = max(fitting, key=lambda load: (load.free_share(), name_of(load.node)))
        # Claims that wait for their first pod are bound before it is: their change brings the next sync.
        if await self._volumes.select(pod, name_of(best.node)):
            await self._bind(pod, name_of(best.node))
        return DONE

    def _misfit(self, pod: Obj, load: NodeLoad, loads: Sequence[NodeLoad]) -> Misfit | None:
        """Return why a node does not suit, in the order of the scheduler's plugins."""
        near = Surroundings(loads, {name_of(entry): labels_of(entry) for entry in self._namespaces.objects()})
        return misfit(pod, load) or self._volumes.misfit(pod, load.node) or near.misfit(pod, load)

    async def _preempt(self, pod: Obj, loads: Sequence[NodeLoad]) -> bool:
        """Send pods of lower priority away where that makes room; tell whether room is being made."""

        def fits(load: NodeLoad) -> bool:
            others = [load if name_of(load.node) == name_of(entry.node) else entry for entry in loads]
            return self._misfit(pod, load, others) is None

        if is_making_room(pod, loads):
            return True
        found = victims(pod, loads, fits)
        if found is None:
            return False
        load, leaving = found
        status = {**(pod.get("status") or {}), "nominatedNodeName": name_of(load.node)}
        await self._api.update(PODS, {**pod, "status": status}, subresource="status")
        for victim in leaving:
            words = f"Preempted by pod {uid_of(pod)} on node {name_of(load.node)}"
            self._recorder.event(victim, "Normal", "Preempted", words)
            await self._api.delete(PODS, namespace_of(victim), name_of(victim))
        return True

    def _loads(self) -> list[NodeLoad]:
        placed: dict[str, list[Obj]] = {}
        for pod in self._pods.objects():
            node = _node_of(pod) or self._assumed.get(uid_of(pod), "")
            if node and not has_ended(pod):
                placed.setdefault(node, []).append(pod)
        return [NodeLoad.of(node, placed.get(name_of(node), ())) for node in self._nodes.objects()]

    async def _bind(self, pod: Obj, node: str) -> None:
        name, namespace = name_of(pod), namespace_of(pod)
        binding: Obj = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace, "uid": uid_of(pod)},
            "target": {"kind": "Node", "name": node},
        }
        self._assumed[uid_of(pod)] = node
        try:
            await self._api.create(PODS, binding, subresource="binding", name=name)
        except ApiError:
            self._assumed.pop(uid_of(pod), None)
            raise
        self._recorder.event(pod, "Normal", "Scheduled", f"Successfully assigned {namespace}/{name} to {node}")

    async def _report(self, pod: Obj, message: str) -> None:
        old = find_condition(pod, "PodScheduled") or {}
        if (old.get("reason"), old.get("message")) == ("Unschedulable", message):
            return
        self._recorder.event(pod, "Warning", "FailedScheduling", message)
        condition: dict[str, Any] = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._desk.clock.now()),
            "observedGeneration": dig(pod, "metadata", "generation", default=1),
        }
        if old.get("status") == "False":
            condition["lastTransitionTime"] = old.get("lastTransitionTime")
        others = [entry for entry in dig(pod, "status", "conditions", default=[]) if entry["type"] != "PodScheduled"]
        status = {**(pod.get("status") or {}), "conditions": [*others, condition]}
        await self._api.update(PODS, {**pod, "status": status}, subresource="status")


def _node_of(pod: Obj) -> str:
    return str(dig(pod, "spec", "nodeName", default=""))


def _offer(node: Obj) -> tuple[Any, ...]:
    """Return what of a node matters to waiting pods."""
    return (
        dig(node, "metadata", "labels"),
        dig(node, "spec", "taints"),
        dig(node, "spec", "unschedulable"),
        dig(node, "status", "allocatable"),
    )
