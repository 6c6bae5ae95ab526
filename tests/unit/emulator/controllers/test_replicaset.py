from typing import Any

from k8slab.emulator.controllers.replicaset import ReplicaSetController
from k8slab.kube import status
from k8slab.kube.objects import Obj, controller_of, find_condition, name_of
from k8slab.kube.resources import PODS, REPLICA_SETS


def replica_set(replicas: int = 3, **spec: Any) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
            **spec,
        },
    }


def pod(name: str, labels: dict[str, str]) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
    }


async def counts(lab: Any) -> dict[str, int]:
    found = (await lab.api.get(REPLICA_SETS, "default", "web"))["status"]
    return {name: value for name, value in found.items() if name != "conditions"}


async def test_it_creates_the_pods_it_asks_for_and_reports_them(lab: Any):
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set())
    await lab.settle()
    pods = (await lab.api.list(PODS)).items
    assert len(pods) == 3
    assert all(name_of(found).startswith("web-") for found in pods)
    assert controller_of(pods[0])["kind"] == "ReplicaSet"
    assert await counts(lab) == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "observedGeneration": 1,
    }
    assert await lab.messages("SuccessfulCreate") == [
        f"Created pod: {name}" for name in _by_event(await lab.messages())
    ]


def _by_event(messages: list[str]) -> list[str]:
    return [message.removeprefix("Created pod: ") for message in messages if message.startswith("Created pod: ")]


async def test_a_lost_pod_is_replaced_as_soon_as_its_deletion_begins(lab: Any):
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set())
    await lab.settle()
    victim = (await lab.names(PODS))[0]
    lab.kubelet.hold.add(victim)
    await lab.api.delete(PODS, "default", victim)
    await lab.settle()
    names = await lab.names(PODS)
    assert victim in names
    assert len(names) == 4
    assert (await counts(lab))["replicas"] == 3


async def test_scaling_down_deletes_pods_that_are_not_ready_first(lab: Any):
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set(2))
    await lab.settle()
    lab.kubelet.ready = False
    ready = set(await lab.names(PODS))
    await lab.change(REPLICA_SETS, "web", {"spec": {"replicas": 4}})
    lab.kubelet.ready = True
    await lab.change(REPLICA_SETS, "web", {"spec": {"replicas": 2}})
    assert set(await lab.names(PODS)) == ready
    assert len(await lab.messages("SuccessfulDelete")) == 2
    assert await counts(lab) == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "observedGeneration": 3,
    }


async def test_it_adopts_matching_orphans_and_lets_go_of_pods_that_no_longer_match(lab: Any):
    await lab.api.create(PODS, pod("orphan", {"app": "web"}))
    await lab.api.create(PODS, pod("stranger", {"app": "db"}))
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set(2))
    await lab.settle()
    assert len(await lab.names(PODS)) == 3
    assert controller_of(await lab.api.get(PODS, "default", "orphan")) is not None
    await lab.change(PODS, "orphan", {"metadata": {"labels": {"app": "debug"}}})
    assert controller_of(await lab.api.get(PODS, "default", "orphan")) is None
    assert len(await lab.names(PODS)) == 4


async def test_a_late_orphan_is_one_too_many(lab: Any):
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set(2))
    await lab.settle()
    await lab.api.create(PODS, pod("late", {"app": "web"}))
    await lab.settle()
    assert len(await lab.names(PODS)) == 2


async def test_pods_count_as_available_after_min_ready_seconds(lab: Any):
    await lab.start(ReplicaSetController)
    await lab.api.create(REPLICA_SETS, replica_set(1, minReadySeconds=10))
    await lab.settle()
    assert "availableReplicas" not in await counts(lab)
    await lab.advance(9)
    assert "availableReplicas" not in await counts(lab)
    await lab.advance(1)
    assert (await counts(lab))["availableReplicas"] == 1


async def test_a_failed_creation_is_reported_tried_again_and_taken_back(lab: Any):
    def refuse(verb: str, resource: Any, obj: Obj) -> None:
        if (verb, resource) == ("create", PODS):
            raise status.forbidden("", "pods", name_of(obj), "exceeded quota: few")

    await lab.start(ReplicaSetController)
    lab.api.fail = refuse
    await lab.api.create(REPLICA_SETS, replica_set())
    await lab.settle()
    condition = find_condition(await lab.api.get(REPLICA_SETS, "default", "web"), "ReplicaFailure")
    assert condition is not None
    assert (condition["reason"], condition["status"]) == ("FailedCreate", "True")
    assert "exceeded quota: few" in condition["message"]
    assert (await lab.messages("FailedCreate"))[0].startswith("Error creating: ")
    lab.api.fail = None
    await lab.advance(1)
    assert len(await lab.names(PODS)) == 3
    assert find_condition(await lab.api.get(REPLICA_SETS, "default", "web"), "ReplicaFailure") is None
