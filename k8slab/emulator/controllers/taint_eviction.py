"""Deletes pods from nodes with a ``NoExecute`` taint that they do not tolerate (pkg/controller/tainteviction)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.clock import timestamp
from k8slab.emulator.api import DeleteOptions, Preconditions
from k8slab.emulator.controllers.pods import has_ended
from k8slab.emulator.controllers.scheduler_filters import tolerations_for
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, dig, is_deleting, key_of, name_of, namespace_of, uid_of
from k8slab.kube.resources import NODES, PODS
from k8slab.kube.status import ApiError


class TaintEviction:
    """Sends pods away at once, or when their toleration has run out."""

    name = "taint-eviction-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._pods = desk.informer(PODS)
        self._nodes = desk.informer(NODES)
        self._recorder = desk.recorder(self.name)
        # Since when each pod has seen the taints of its node (seconds of the clock), by uid.
        self._since: dict[str, float] = {}

    def watches(self) -> Sequence[Watch]:
        """React to pods that are bound, and to nodes whose taints change."""
        return (Watch(PODS, own_key), Watch(NODES, self._pods_of))

    def _pods_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        if before is not None and after is not None and _taints(before) == _taints(after):
            return []
        name = name_of(after or before or {})
        return [key_of(pod) for pod in self._pods.objects() if dig(pod, "spec", "nodeName") == name]

    async def sync(self, key: ObjectKey) -> Result:
        """Look at one pod."""
        pod = self._pods.get(*key)
        node = self._nodes.get("", str(dig(pod, "spec", "nodeName", default="")))
        if pod is None or node is None or is_deleting(pod) or has_ended(pod):
            return DONE
        taints = _taints(node)
        if not taints:
            if self._since.pop(uid_of(pod), None) is not None:
                words = f"Cancelling deletion of Pod {namespace_of(pod)}/{name_of(pod)}"
                self._recorder.event(pod, "Normal", "TaintManagerEviction", words)
            return DONE
        left = self._time_left(pod, taints)
        if left is None:
            return DONE
        if left > 0:
            return Result(left)
        await self._evict(pod)
        return DONE

    def _time_left(self, pod: Obj, taints: Sequence[Obj]) -> float | None:
        """Return how long the pod may stay; None for ever."""
        covering = [tolerations_for(pod, taint) for taint in taints]
        if not all(covering):
            return 0.0
        limits = [entry["tolerationSeconds"] for found in covering for entry in found
                  if entry.get("tolerationSeconds") is not None]  # fmt: skip
        if not limits:
            return None
        since = self._since.setdefault(uid_of(pod), self._desk.clock.monotonic())
        return since + float(max(0, min(limits))) - self._desk.clock.monotonic()

    async def _evict(self, pod: Obj) -> None:
        self._since.pop(uid_of(pod), None)
        words = f"Marking for deletion Pod {namespace_of(pod)}/{name_of(pod)}"
        self._recorder.event(pod, "Normal", "TaintManagerEviction", words)
        condition = {
            "type": "DisruptionTarget",
            "observedGeneration": dig(pod, "metadata", "generation", default=1),
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": timestamp(self._desk.clock.now()),
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
        }
        others = [entry for entry in dig(pod, "status", "conditions", default=[]) if entry["type"] != condition["type"]]
        status = {**(pod.get("status") or {}), "conditions": [*others, condition]}
        try:
            await self._api.update(PODS, {**pod, "status": status}, subresource="status")
            options = DeleteOptions(preconditions=Preconditions(uid=uid_of(pod)))
            await self._api.delete(PODS, namespace_of(pod), name_of(pod), options)
        except ApiError as error:
            if error.reason != "NotFound":
                raise


def _taints(node: Obj) -> list[Obj]:
    return [taint for taint in dig(node, "spec", "taints", default=[]) if taint.get("effect") == "NoExecute"]
