from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k8slab.clock import timestamp
from k8slab.emulator.controllers.replicaset_ranking import pods_to_delete
from k8slab.kube.objects import Obj, name_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def pod(name: str, *, age: float = 1000, ready: float | None = 900, node: str = "n", **extra: Any) -> Obj:
    conditions = []
    if ready is not None:
        since = timestamp(NOW - timedelta(seconds=ready))
        conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": since}]
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": timestamp(NOW - timedelta(seconds=age)),
            "annotations": extra.get("annotations", {}),
        },
        "spec": {"nodeName": node} if node else {},
        "status": {
            "phase": extra.get("phase", "Running"),
            "conditions": conditions,
            "containerStatuses": [{"restartCount": extra.get("restarts", 0)}],
        },
    }


# Each rule of ActivePodsWithRanks: the first pod is to go before the second.
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pod("z", node="", ready=None, phase="Pending"), pod("a", ready=None, phase="Pending")),
        (pod("z", ready=None, phase="Pending"), pod("a", ready=None)),
        (pod("z", ready=None), pod("a")),
        (pod("z", annotations={"controller.kubernetes.io/pod-deletion-cost": "-1"}), pod("a")),
        (pod("z", ready=10), pod("a", ready=900)),
        (pod("z", restarts=3), pod("a")),
        (pod("z", age=1000), pod("a", age=100_000)),
        (pod("a", ready=900), pod("z", ready=800)),
    ],
)
def test_order(first: Obj, second: Obj):
    for pods in ([first, second], [second, first]):
        assert pods_to_delete(pods, pods, 1, NOW) == [first]


def test_pods_on_the_fuller_node_go_first():
    crowded = [pod("z1", node="full"), pod("z2", node="full")]
    pods = [pod("a", node="empty"), *crowded]
    assert {name_of(found) for found in pods_to_delete(pods, pods, 2, NOW)} == {"z1", "z2"}
