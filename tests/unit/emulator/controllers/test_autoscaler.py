from typing import Any

import pytest

from k8slab.emulator.controllers.autoscaler import AutoscalerController
from k8slab.emulator.controllers.autoscaler.controller import NoUsage
from k8slab.emulator.controllers.autoscaler.sizes import bounded
from k8slab.emulator.controllers.replicaset import ReplicaSetController
from k8slab.kube.objects import Obj, find_condition
from k8slab.kube.resources import AUTOSCALERS, PODS, REPLICA_SETS

LABELS = {"app": "web"}


class Load:
    """Every pod uses as many cores."""

    def __init__(self, pods: Any, cores: float) -> None:
        self.pods = pods
        self.cores = cores

    def of(self, _resource: str) -> dict[str, float]:
        return {pod["metadata"]["uid"]: self.cores for pod in self.pods.objects()}


async def started(lab: Any, replicas: int, cores: float | None = None, **spec: Any) -> Load:
    load = Load(lab.desk.informer(PODS), cores or 0)
    usage = NoUsage() if cores is None else load
    await lab.start(ReplicaSetController, lambda desk: AutoscalerController(desk, usage))  # type: ignore[arg-type]
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "100m"}}}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    wanted = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    meta = {"name": "web", "namespace": "default"}
    await lab.api.create(REPLICA_SETS, {"metadata": meta, "spec": wanted})
    target = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    await lab.api.create(
        AUTOSCALERS,
        {"metadata": meta, "spec": {"scaleTargetRef": target, "maxReplicas": 5, "metrics": [metric], **spec}},
    )
    await lab.settle()
    await lab.advance(15.5)
    return load


async def replicas(lab: Any) -> int:
    return int((await lab.api.get(REPLICA_SETS, "default", "web"))["spec"]["replicas"])


async def status(lab: Any) -> Obj:
    return (await lab.api.get(AUTOSCALERS, "default", "web"))["status"]


async def test_a_size_below_the_least_is_raised_even_without_metrics(lab: Any):
    await started(lab, 1, minReplicas=2)
    assert await replicas(lab) == 2
    assert await lab.messages("SuccessfulRescale") == [
        "New size: 2; reason: Current number of replicas below Spec.MinReplicas"
    ]
    found = await status(lab)
    assert (found["currentReplicas"], found["desiredReplicas"]) == (1, 2)
    await lab.advance(15.5)
    condition = find_condition({"status": await status(lab)}, "ScalingActive")
    assert condition is not None
    assert condition["reason"] == "FailedGetResourceMetric"
    assert condition["message"].endswith("the server could not find the requested resource (get pods.metrics.k8s.io)")


async def test_load_adds_pods_up_to_the_most(lab: Any):
    await started(lab, 2, 0.1)
    assert await replicas(lab) == 4
    assert (
        "cpu resource utilization (percentage of request) above target" in (await lab.messages("SuccessfulRescale"))[0]
    )
    await lab.advance(15.5)
    assert await replicas(lab) == 5
    assert find_condition({"status": await status(lab)}, "ScalingLimited")["reason"] == "TooManyReplicas"
    assert (await status(lab))["currentMetrics"][0]["resource"]["current"] == {
        "averageUtilization": 100,
        "averageValue": "100m",
    }


async def test_calm_takes_pods_away_only_after_a_while(lab: Any):
    load = await started(lab, 2, 0.1)
    await lab.advance(15.5)
    load.cores = 0.01
    await lab.advance(15.5)
    assert await replicas(lab) == 5
    assert find_condition({"status": await status(lab)}, "AbleToScale")["reason"] == "ScaleDownStabilized"
    for _ in range(21):
        await lab.advance(15.5)
    assert await replicas(lab) == 1


@pytest.mark.parametrize(
    ("wanted", "current", "size", "reason"),
    [
        (3, 2, 3, "DesiredWithinRange"),
        (0, 2, 1, "TooFewReplicas"),
        (99, 10, 20, "ScaleUpLimit"),
        (99, 40, 50, "TooManyReplicas"),
    ],
)
def test_bounds(wanted: int, current: int, size: int, reason: str):
    assert bounded(wanted, {"minReplicas": 1, "maxReplicas": 50}, current)[::2] == (size, reason)
