"""The DaemonSet controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from k8slab.emulator.controllers.daemonset.nodes import Wish, daemon_pod, node_of, wish_for
from k8slab.emulator.controllers.daemonset.plan import Plan, Rules, rollout, rules_of, upkeep
from k8slab.emulator.controllers.history import HASH_LABEL, Revisions, hash_of
from k8slab.emulator.controllers.ownership import adopt, is_orphan, release
from k8slab.emulator.controllers.pod_control import PodControl
from k8slab.emulator.controllers.pods import has_ended, is_ready, seconds_until_available
from k8slab.emulator.machinery.controller import (
    DONE,
    Desk,
    ObjectKey,
    Result,
    Watch,
    controller_key,
    own_key,
)
from k8slab.kube.objects import Obj, dig, is_deleting, key_of, labels_of, name_of, namespace_of, uid_of
from k8slab.kube.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from k8slab.kube.selectors import label_selector_of

_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 1.0, 900.0
_ALWAYS_SHOWN = frozenset({"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"})


class DaemonSetController:
    """Keeps one pod on each fitting node, rolls new templates out, reports how far it is."""

    name = "daemonset-controller"
    workers = 2

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._sets = desk.informer(DAEMON_SETS)
        self._pods = desk.informer(PODS)
        self._nodes = desk.informer(NODES)
        self._recorder = desk.recorder(self.name)
        self._control = PodControl(self._api, self._recorder)
        self._revisions = Revisions(self._api, desk.informer(CONTROLLER_REVISIONS), DAEMON_SETS)
        # Until when a node's ended pods stay, and for how long the next ones will (failedPodsBackoff).
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}

    def watches(self) -> Sequence[Watch]:
        """React to DaemonSets, to their pods and orphans, and to nodes that come, go or change."""
        return (
            Watch(DAEMON_SETS, own_key), Watch(PODS, self._sets_of), Watch(NODES, self._after_node),
            Watch(CONTROLLER_REVISIONS, controller_key("DaemonSet")),
        )  # fmt: skip

    def _sets_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        yield from controller_key("DaemonSet")(before, after)
        if after is not None and is_orphan(after):
            for candidate in self._sets.objects(namespace_of(after)):
                if label_selector_of(dig(candidate, "spec", "selector")).matches(labels_of(after)):
                    yield key_of(candidate)

    def _after_node(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        if before is not None and after is not None and _place(before) == _place(after):
            return ()
        return [key_of(found) for found in self._sets.objects()]

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one DaemonSet a step further."""
        daemon_set = self._sets.get(*key)
        if daemon_set is None or is_deleting(daemon_set):
            return DONE
        await self._claim(daemon_set)
        history = await self._revisions.history(daemon_set)
        wishes = {name_of(node): wish_for(daemon_set, node) for node in self._nodes.objects()}
        desired = sum(wish.run for wish in wishes.values())
        rules = rules_of(daemon_set, hash_of(history.current), desired, self._desk.clock.now())
        again = await self._carry_out(daemon_set, upkeep(wishes, self._by_node(daemon_set), rules), rules)
        if dig(daemon_set, "spec", "updateStrategy", "type") == "RollingUpdate":
            step = rollout(wishes, self._by_node(daemon_set), rules)
            await self._carry_out(daemon_set, step, rules)
        live = [labels_of(pod).get(HASH_LABEL, "") for pod in self._pods.controlled_by(uid_of(daemon_set))]
        await self._revisions.trim(daemon_set, history.old, live)
        await self._write_status(daemon_set, wishes, rules)
        return Result(_soonest(again, self._next_available(daemon_set, rules)))

    async def _claim(self, daemon_set: Obj) -> None:
        selector = label_selector_of(dig(daemon_set, "spec", "selector"))
        for pod in self._pods.controlled_by(uid_of(daemon_set)):
            if not selector.matches(labels_of(pod)):
                await release(self._api, PODS, pod, daemon_set)
        orphans = [pod for pod in self._pods.select(namespace_of(daemon_set), selector) if is_orphan(pod)]
        await adopt(self._api, PODS, orphans, DAEMON_SETS, daemon_set)

    def _by_node(self, daemon_set: Obj) -> dict[str, list[Obj]]:
        found: dict[str, list[Obj]] = {}
        for pod in self._pods.controlled_by(uid_of(daemon_set)):
            if not (is_deleting(pod) and has_ended(pod)):
                found.setdefault(node_of(pod), []).append(pod)
        return found

    async def _carry_out(self, daemon_set: Obj, plan: Plan, rules: Rules) -> float | None:
        """Delete and create what the plan says; return when to look again at pods that ended."""
        again: float | None = None
        gone = list(plan.surplus)
        for pod in plan.ended:
            wait = self._pause(daemon_set, node_of(pod))
            if wait > 0:
                again = _soonest(again, wait)
                continue
            self._tell_ended(daemon_set, pod)
            gone.append(pod)
        await self._control.create_all(daemon_set, [daemon_pod(daemon_set, node, rules.hashed) for node in plan.nodes])
        for pod in gone:
            await self._control.delete(daemon_set, pod)
        return again

    def _pause(self, daemon_set: Obj, node: str) -> float:
        """Return how long an ended pod stays: at first not at all, then 1 s, 2 s, 4 s ... after the last one."""
        now, key = self._desk.clock.monotonic(), (uid_of(daemon_set), node)
        until, length = self._pauses.get(key, (0.0, 0.0))
        if now < until:
            return until - now
        longer = min(max(_FIRST_BACK_OFF, length * 2), _LONGEST_BACK_OFF)
        self._pauses[key] = (now + longer, longer)
        return 0.0

    def _tell_ended(self, daemon_set: Obj, pod: Obj) -> None:
        failed = dig(pod, "status", "phase") == "Failed"
        place = f"{namespace_of(pod)}/{name_of(pod)} on node {node_of(pod)}"
        if failed:
            message = f"Found failed daemon pod {place}, will try to kill it"
            self._recorder.event(daemon_set, "Warning", "FailedDaemonPod", message)
        else:
            message = f"Found succeeded daemon pod {place}, will try to delete it"
            self._recorder.event(daemon_set, "Normal", "SucceededDaemonPod", message)

    async def _write_status(self, daemon_set: Obj, wishes: Mapping[str, Wish], rules: Rules) -> None:
        counts = _counts(wishes, self._by_node(daemon_set), rules)
        status = {name: count for name, count in counts.items() if count or name in _ALWAYS_SHOWN}
        status["observedGeneration"] = int(dig(daemon_set, "metadata", "generation", default=0))
        kept = {name: value for name, value in (daemon_set.get("status") or {}).items() if name == "collisionCount"}
        if {**kept, **status} != (daemon_set.get("status") or {}):
            changed = {**daemon_set, "status": {**kept, **status}}
            await self._api.update(DAEMON_SETS, changed, subresource="status")

    def _next_available(self, daemon_set: Obj, rules: Rules) -> float | None:
        waits = (
            seconds_until_available(pod, rules.min_ready, rules.now)
            for pod in self._pods.controlled_by(uid_of(daemon_set))
        )
        return min((wait for wait in waits if wait), default=None)


def _place(node: Obj) -> tuple[object, ...]:
    return (dig(node, "metadata", "labels"), dig(node, "spec", "taints"), dig(node, "spec", "unschedulable"))


def _soonest(one: float | None, other: float | None) -> float | None:
    return min((wait for wait in (one, other) if wait is not None), default=None)


def _counts(wishes: Mapping[str, Wish], pods: Mapping[str, Sequence[Obj]], rules: Rules) -> dict[str, int]:
    names = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
             "updatedNumberScheduled", "numberAvailable")  # fmt: skip
    counts = dict.fromkeys(names, 0)
    for node, wish in wishes.items():
        present = pods.get(node, ())
        if not wish.run:
            counts["numberMisscheduled"] += bool(present)
            continue
        counts["desiredNumberScheduled"] += 1
        if not present:
            continue
        counts["currentNumberScheduled"] += 1
        oldest = min(present, key=lambda pod: (not is_ready(pod), str(dig(pod, "metadata", "creationTimestamp"))))
        counts["numberReady"] += is_ready(oldest)
        counts["numberAvailable"] += rules.is_available(oldest)
        counts["updatedNumberScheduled"] += any(rules.is_new(pod) for pod in present)
    counts["numberUnavailable"] = counts["desiredNumberScheduled"] - counts["numberAvailable"]
    return counts
