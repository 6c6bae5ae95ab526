"""The HorizontalPodAutoscaler controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from k8slab.clock import timestamp
from k8slab.emulator.controllers.autoscaler.sizes import DOWN_WINDOW, MetricError, Reading, bounded, read_metric
from k8slab.emulator.controllers.conditions import find
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, copy_of, own_key
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import (
    AUTOSCALERS,
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
    Resource,
)
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import ApiError

_AGAIN = 15.0
_TARGETS = {found.kind: found for found in (DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS)}


class Usage(Protocol):
    """What pods use."""

    def of(self, resource: str) -> Mapping[str, float] | None:
        """Return each pod's use by uid (cores, bytes); None when nobody measures."""
        ...


class NoUsage:
    """Nobody measures, as on a cluster without metrics server."""

    def of(self, resource: str) -> Mapping[str, float] | None:  # noqa: ARG002
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class _Target:
    resource: Resource
    obj: Obj
    current: int


class AutoscalerController:
    """Looks every 15 seconds, moves sizes between their bounds, and says why."""

    name = "horizontal-pod-autoscaler"
    workers = 1

    def __init__(self, desk: Desk, usage: Usage) -> None:
        self._desk = desk
        self._api = desk.api
        self._autoscalers = desk.informer(AUTOSCALERS)
        self._pods = desk.informer(PODS)
        self._recorder = desk.recorder(self.name)
        self._usage = usage
        # What was recommended when (seconds of the clock), by uid: sizes shrink only to the highest of late.
        self._advice: dict[str, list[tuple[float, int]]] = {}
        self._seen: dict[str, float] = {}

    def watches(self) -> Sequence[Watch]:
        """React to autoscalers; everything else is looked at by the clock."""
        return (Watch(AUTOSCALERS, own_key),)

    async def sync(self, key: ObjectKey) -> Result:
        """Look at one autoscaler, at most once in 15 seconds."""
        known = self._autoscalers.get(*key)
        if known is None or is_deleting(known):
            return DONE
        now = self._desk.clock.monotonic()
        last = self._seen.get(uid_of(known))
        if last is not None and now - last < _AGAIN:
            return Result(_AGAIN - (now - last))
        self._seen[uid_of(known)] = now
        if last is None:
            # A new autoscaler is looked at with the next round, as in Kubernetes.
            return Result(_AGAIN)
        autoscaler = copy_of(known)
        autoscaler.setdefault("status", {})
        await self._look(autoscaler)
        if autoscaler["status"] != (known.get("status") or {}):
            await self._api.update(AUTOSCALERS, autoscaler, subresource="status")
        return Result(_AGAIN)

    async def _look(self, autoscaler: Obj) -> None:
        target = await self._target(autoscaler)
        if target is None:
            return
        status = autoscaler["status"]
        status["currentReplicas"] = target.current
        status.setdefault("desiredReplicas", 0)
        wanted, why = self._wanted(autoscaler, target)
        if wanted is None:
            return
        if wanted == target.current:
            status["desiredReplicas"] = wanted
            return
        bound = "below Spec.MinReplicas" if wanted > target.current else "above Spec.MaxReplicas"
        reason = why or f"Current number of replicas {bound}"
        await self._rescale(autoscaler, target, wanted, reason)
        status["desiredReplicas"] = wanted
        status["lastScaleTime"] = timestamp(self._desk.clock.now())

    async def _target(self, autoscaler: Obj) -> _Target | None:
        reference = dig(autoscaler, "spec", "scaleTargetRef", default={})
        resource = _TARGETS.get(str(reference.get("kind")))
        group = str(reference.get("apiVersion", "")).rpartition("/")[0]
        if resource is None:
            self._no_target(autoscaler, f'no matches for kind "{reference.get("kind")}" in group "{group}"')
            return None
        try:
            obj = await self._api.get(resource, namespace_of(autoscaler), str(reference.get("name")))
        except ApiError as error:
            self._no_target(autoscaler, error.message)
            return None
        words = "the HPA controller was able to get the target's current scale"
        self._condition(autoscaler, "AbleToScale", "True", "SucceededGetScale", words)
        return _Target(resource, obj, int(dig(obj, "spec", "replicas", default=1)))

    def _no_target(self, autoscaler: Obj, problem: str) -> None:
        words = f"the HPA controller was unable to get the target's current scale: {problem}"
        self._condition(autoscaler, "AbleToScale", "False", "FailedGetScale", words)
        self._recorder.event(autoscaler, "Warning", "FailedGetScale", problem)

    def _wanted(self, autoscaler: Obj, target: _Target) -> tuple[int | None, str]:
        """Return the size and why; None when the metrics do not say."""
        spec, current = autoscaler["spec"], target.current
        least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
        if current == 0 and least != 0:
            words = "scaling is disabled since the replica count of the target is zero"
            self._condition(autoscaler, "ScalingActive", "False", "ScalingDisabled", words)
            return 0, ""
        if current > most:
            return most, ""
        if current < least:
            return least, ""
        readings = self._read(autoscaler, target)
        if not readings:
            return None, ""
        best = max(readings, key=lambda reading: reading.replicas)
        words = f"the HPA was able to successfully calculate a replica count from {best.title}"
        self._condition(autoscaler, "ScalingActive", "True", "ValidMetricFound", words)
        wanted = self._stabilized(autoscaler, best.replicas, current)
        size, *limited = bounded(wanted, spec, current)
        self._condition(autoscaler, "ScalingLimited", *limited)
        return size, f"{best.title} above target" if size > current else "All metrics below target"

    def _read(self, autoscaler: Obj, target: _Target) -> list[Reading]:
        selector = dig(target.obj, "spec", "selector", default={})
        plain = target.resource == REPLICATION_CONTROLLERS
        pods = self._pods.select(
            namespace_of(autoscaler), label_selector_of({"matchLabels": selector} if plain else selector)
        )
        metrics, readings, failures = autoscaler["spec"].get("metrics") or [], [], []
        for metric in metrics:
            name = str(dig(metric, "resource", "name", default=""))
            try:
                readings.append(read_metric(metric, pods, target.current, self._usage.of(name)))
            except MetricError as error:
                failures.append((name, str(error)))
                self._recorder.event(autoscaler, "Warning", "FailedGetResourceMetric", str(error))
        if not readings and failures:
            name, first = failures[0]
            words = f"the HPA was unable to compute the replica count: {first}"
            self._condition(autoscaler, "ScalingActive", "False", "FailedGetResourceMetric", words)
            count = f"invalid metrics ({len(failures)} invalid out of {len(metrics)}), first error is:"
            message = f"{count} failed to get {name} resource metric value: {first}"
            self._recorder.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", message)
        autoscaler["status"]["currentMetrics"] = [reading.status for reading in readings] or None
        return readings

    def _stabilized(self, autoscaler: Obj, wanted: int, current: int) -> int:
        """Return the highest recommendation of the last minutes, so that a short calm does not shrink."""
        now = self._desk.clock.monotonic()
        seconds = dig(autoscaler, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds")
        window = DOWN_WINDOW if seconds is None else float(seconds)
        advice = [entry for entry in self._advice.get(uid_of(autoscaler), []) if now - entry[0] < window]
        self._advice[uid_of(autoscaler)] = [*advice, (now, wanted)]
        highest = max((size for _, size in advice), default=wanted)
        if wanted < highest:
            words = "recent recommendations were higher than current one, applying the highest recent recommendation"
            self._condition(autoscaler, "AbleToScale", "True", "ScaleDownStabilized", words)
            return min(highest, max(current, wanted))
        words = "recommended size matches current size"
        self._condition(autoscaler, "AbleToScale", "True", "ReadyForNewScale", words)
        return wanted

    async def _rescale(self, autoscaler: Obj, target: _Target, size: int, reason: str) -> None:
        scale = {"spec": {"replicas": size}}
        await self._api.patch(
            target.resource, namespace_of(autoscaler), name_of(target.obj), scale, subresource="scale"
        )
        words = f"the HPA controller was able to update the target scale to {size}"
        self._condition(autoscaler, "AbleToScale", "True", "SucceededRescale", words)
        self._recorder.event(autoscaler, "Normal", "SuccessfulRescale", f"New size: {size}; reason: {reason}")

    def _condition(self, autoscaler: Obj, kind: str, word: str, reason: str, message: str) -> None:
        conditions = list(autoscaler["status"].get("conditions") or [])
        old = find(conditions, kind)
        now = timestamp(self._desk.clock.now())
        since = old["lastTransitionTime"] if old is not None and old.get("status") == word else now
        new = {"type": kind, "status": word, "lastTransitionTime": since, "reason": reason, "message": message}
        if old is None:
            conditions.append(new)
        else:
            conditions[conditions.index(old)] = new
        autoscaler["status"]["conditions"] = conditions
