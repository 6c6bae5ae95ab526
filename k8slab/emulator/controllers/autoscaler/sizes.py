"""From the use of pods to a number of pods (replica_calculator.go, horizontal.go). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8slab.kube.objects import Obj, dig, is_deleting, name_of
from k8slab.kube.pod_resources import amounts

TOLERANCE = 0.1
DOWN_WINDOW = 300.0
_NO_METRICS = (
    "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)


class MetricError(Exception):
    """A metric cannot be had; the text is the controller's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How many pods a metric asks for, and what it was; ``utilization`` in per cent of the requests."""

    replicas: int
    name: str
    status: Obj
    title: str


def read_metric(metric: Obj, pods: Sequence[Obj], current: int, usage: Mapping[str, float] | None) -> Reading:
    """Return what a ``Resource`` metric asks for; ``usage`` is each pod's, by uid. Raises ``MetricError``."""
    kind = str(metric.get("type"))
    if kind != "Resource":
        raise MetricError(f"{kind} metrics are not part of the embedded cluster (they work on kind with an adapter)")
    name, target = str(dig(metric, "resource", "name")), dig(metric, "resource", "target", default={})
    words = "utilization" if target.get("averageUtilization") is not None else "usage"
    if usage is None:
        raise MetricError(f"failed to get {name} {words}: unable to get metrics for resource {name}: {_NO_METRICS}")
    alive = [pod for pod in pods if not is_deleting(pod) and dig(pod, "status", "phase") != "Failed"]
    known = [pod for pod in alive if pod["metadata"]["uid"] in usage]
    if not known:
        raise MetricError(
            f"failed to get {name} {words}: did not receive metrics for targeted pods (pods might be unready)"
        )
    used = sum(usage[pod["metadata"]["uid"]] for pod in known)
    if words == "usage":
        wanted = float(amounts({"target": target["averageValue"]})["target"])
        status: Obj = {"averageValue": _milli(used / len(known))}
        ratio, title = used / len(known) / wanted, f"{name} resource"
    else:
        asked = sum(_request(pod, name) for pod in known)
        share = int(used * 100 / asked)
        status = {"averageUtilization": share, "averageValue": _milli(used / len(known))}
        ratio, title = (
            share / float(target["averageUtilization"]),
            f"{name} resource utilization (percentage of request)",
        )
    replicas = _replicas(ratio, len(known), len(alive), current)
    return Reading(replicas, name, {"type": "Resource", "resource": {"name": name, "current": status}}, title)


def _milli(value: float) -> str:
    return f"{math.ceil(value * 1000)}m" if value else "0"


def _request(pod: Obj, name: str) -> float:
    total = 0.0
    for container in dig(pod, "spec", "containers", default=[]):
        requests = amounts(dig(container, "resources", "requests", default={}))
        if name not in requests:
            words = f"missing request for {name} in container {container.get('name')} of Pod {name_of(pod)}"
            raise MetricError(f"failed to get {name} utilization: {words}")
        total += float(requests[name])
    return total


def _replicas(ratio: float, known: int, alive: int, current: int) -> int:
    if abs(ratio - 1.0) <= TOLERANCE:
        return current
    # Pods without a reading count as idle when more are wanted, and as fully used when fewer are.
    missing = alive - known
    if missing:
        adjusted = (ratio * known + (missing if ratio < 1 else 0)) / alive
        if abs(adjusted - 1.0) <= TOLERANCE or (adjusted > 1) is not (ratio > 1):
            return current
        return math.ceil(adjusted * alive)
    return math.ceil(ratio * known)


def scale_up_limit(current: int) -> int:
    """Return how many pods there may be after one step up: twice as many, but at least four."""
    return max(2 * current, 4)


def bounded(wanted: int, spec: Obj, current: int) -> tuple[int, str, str, str]:
    """Return the number within its bounds, and the condition ``ScalingLimited``: status, reason, message."""
    least, most = int(spec.get("minReplicas", 1)), int(spec.get("maxReplicas", 1))
    step = scale_up_limit(current)
    if wanted < least:
        words = "the desired replica count is less than the minimum replica count"
        return least, "True", "TooFewReplicas", words
    if wanted > min(most, step):
        if most <= step:
            words = "the desired replica count is more than the maximum replica count"
            return most, "True", "TooManyReplicas", words
        words = "the desired replica count is increasing faster than the maximum scale rate"
        return step, "True", "ScaleUpLimit", words
    return wanted, "False", "DesiredWithinRange", "the desired count is within the acceptable range"
