from typing import Any

import pytest

from k8slab.emulator.controllers.disruption import DisruptionController
from k8slab.emulator.controllers.quota import QuotaController
from k8slab.emulator.controllers.replicaset import ReplicaSetController
from k8slab.kube.objects import Obj
from k8slab.kube.resources import DISRUPTION_BUDGETS, PODS, REPLICA_SETS, RESOURCE_QUOTAS

LABELS = {"app": "web"}


def web(replicas: int) -> Obj:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
    meta = {"name": "web", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "allowed", "desired", "expected"),
    [
        ({"minAvailable": 2}, 1, 2, 3),
        ({"minAvailable": "50%"}, 1, 2, 3),
        ({"maxUnavailable": 2}, 2, 1, 3),
        ({"maxUnavailable": "10%"}, 1, 2, 3),
        ({"maxUnavailable": 0}, 0, 3, 3),
    ],
)
async def test_a_budget_says_how_many_may_go(lab: Any, spec: Obj, allowed: int, desired: int, expected: int):
    await lab.start(ReplicaSetController, DisruptionController)
    await lab.api.create(REPLICA_SETS, web(3))
    wanted = {"selector": {"matchLabels": LABELS}, **spec}
    await lab.api.create(DISRUPTION_BUDGETS, {"metadata": {"name": "b", "namespace": "default"}, "spec": wanted})
    await lab.settle()
    status = (await lab.api.get(DISRUPTION_BUDGETS, "default", "b"))["status"]
    assert (status["disruptionsAllowed"], status["desiredHealthy"], status["expectedPods"]) == (
        allowed,
        desired,
        expected,
    )
    assert status["currentHealthy"] == 3
    (condition,) = status["conditions"]
    assert condition["reason"] == ("SufficientPods" if allowed else "InsufficientPods")


async def test_a_budget_for_nobody_says_so(lab: Any):
    await lab.start(DisruptionController)
    spec = {"minAvailable": 1, "selector": {"matchLabels": LABELS}}
    await lab.api.create(DISRUPTION_BUDGETS, {"metadata": {"name": "b", "namespace": "default"}, "spec": spec})
    await lab.settle()
    assert await lab.messages("NoPods") == ["No matching pods found"]


async def test_a_quota_reports_what_is_used(lab: Any):
    await lab.start(ReplicaSetController, QuotaController)
    spec = {"hard": {"pods": "5", "count/replicasets.apps": "2", "requests.memory": "1Gi"}}
    await lab.api.create(RESOURCE_QUOTAS, {"metadata": {"name": "q", "namespace": "default"}, "spec": spec})
    manifest = web(2)
    manifest["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"memory": "128Mi"}}
    await lab.api.create(REPLICA_SETS, manifest)
    await lab.settle()
    status = (await lab.api.get(RESOURCE_QUOTAS, "default", "q"))["status"]
    assert status["used"] == {"pods": "2", "count/replicasets.apps": "1", "requests.memory": "256Mi"}
    await lab.api.delete(PODS, "default", (await lab.names(PODS))[0])
    await lab.change(REPLICA_SETS, "web", {"spec": {"replicas": 0}})
    assert (await lab.api.get(RESOURCE_QUOTAS, "default", "q"))["status"]["used"]["pods"] == "0"
