from typing import Any

import pytest

from k8slab.emulator.controllers.replicaset import ReplicationControllerController
from k8slab.emulator.controllers.statefulset import StatefulSetController
from k8slab.kube.objects import Obj, controller_of, name_of
from k8slab.kube.resources import CLAIMS, CONTROLLER_REVISIONS, PODS, REPLICATION_CONTROLLERS, STATEFUL_SETS


def stateful_set(replicas: int = 3, image: str = "nginx:1", **spec: Any) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "serviceName": "web",
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(image),
            **spec,
        },
    }


def template(image: str) -> Obj:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "nginx", "image": image}]}}


async def started(lab: Any, manifest: Obj) -> None:
    await lab.start(StatefulSetController)
    await lab.api.create(STATEFUL_SETS, manifest)
    await lab.settle()


async def images(lab: Any) -> dict[str, str]:
    return {name_of(pod): pod["spec"]["containers"][0]["image"] for pod in (await lab.api.list(PODS)).items}


async def status(lab: Any) -> Obj:
    return (await lab.api.get(STATEFUL_SETS, "default", "web"))["status"]


async def test_pods_have_stable_names_and_places(lab: Any):
    await started(lab, stateful_set())
    assert await lab.names(PODS) == ["web-0", "web-1", "web-2"]
    pod = await lab.api.get(PODS, "default", "web-1")
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("web-1", "web")
    assert pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] == "web-1"
    assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"
    found = await status(lab)
    assert found["currentRevision"] == found["updateRevision"] == pod["metadata"]["labels"]["controller-revision-hash"]
    assert [found[name] for name in ("replicas", "readyReplicas", "availableReplicas", "currentReplicas")] == [3] * 4


async def test_pods_come_one_by_one_and_wait_for_the_one_before(lab: Any):
    lab.kubelet.ready = False
    await started(lab, stateful_set())
    assert await lab.names(PODS) == ["web-0"]
    lab.kubelet.ready = True
    await lab.change(PODS, "web-0", {"metadata": {"labels": {"poke": "1"}}})
    assert await lab.names(PODS) == ["web-0", "web-1", "web-2"]
    assert await lab.messages("SuccessfulCreate") == [
        f"create Pod web-{number} in StatefulSet web successful" for number in range(3)
    ]


async def test_parallel_sets_wait_for_nothing(lab: Any):
    lab.kubelet.ready = False
    await started(lab, stateful_set(podManagementPolicy="Parallel"))
    assert await lab.names(PODS) == ["web-0", "web-1", "web-2"]


async def test_scaling_down_takes_the_last_and_keeps_its_claim(lab: Any):
    await started(lab, stateful_set(3, **claims()))
    await lab.change(STATEFUL_SETS, "web", {"spec": {"replicas": 1}})
    assert await lab.names(PODS) == ["web-0"]
    assert await lab.names(CLAIMS) == ["data-web-0", "data-web-1", "data-web-2"]
    assert [text.split()[2] for text in await lab.messages("SuccessfulDelete")] == ["web-2", "web-1"]


def claims() -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}]}


async def test_each_pod_has_its_own_claim(lab: Any):
    await started(lab, stateful_set(2, **claims()))
    pod = await lab.api.get(PODS, "default", "web-1")
    assert pod["spec"]["volumes"][0] == {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
    claim = await lab.api.get(CLAIMS, "default", "data-web-1")
    assert claim["metadata"]["labels"] == {"app": "web"}
    assert "ownerReferences" not in claim["metadata"]
    assert "create Claim data-web-1 Pod web-1 in StatefulSet web success" in await lab.messages("SuccessfulCreate")


async def test_the_retention_policy_makes_the_set_own_its_claims(lab: Any):
    policy = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}
    await started(lab, stateful_set(1, **claims(), **policy))
    owner = controller_of(await lab.api.get(CLAIMS, "default", "data-web-0"))
    assert owner is not None
    assert owner["kind"] == "StatefulSet"


async def test_an_update_goes_from_the_last_to_the_first(lab: Any):
    await started(lab, stateful_set())
    await lab.change(STATEFUL_SETS, "web", {"spec": {"template": template("nginx:2")}})
    assert set((await images(lab)).values()) == {"nginx:2"}
    assert [text.split()[2] for text in await lab.messages("SuccessfulDelete")] == ["web-2", "web-1", "web-0"]
    found = await status(lab)
    assert found["currentRevision"] == found["updateRevision"]
    assert sorted(entry["revision"] for entry in (await lab.api.list(CONTROLLER_REVISIONS)).items) == [1, 2]


@pytest.mark.parametrize(("partition", "updated"), [(2, ["web-2"]), (1, ["web-1", "web-2"]), (5, [])])
async def test_a_partition_holds_the_update_back(lab: Any, partition: int, updated: list[str]):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    await started(lab, stateful_set(updateStrategy=strategy))
    await lab.change(STATEFUL_SETS, "web", {"spec": {"template": template("nginx:2")}})
    assert sorted(name for name, image in (await images(lab)).items() if image == "nginx:2") == updated
    # A pod below the partition comes back as it was.
    await lab.api.delete(PODS, "default", "web-0")
    await lab.settle()
    assert (await images(lab))["web-0"] == "nginx:1"


async def test_a_broken_update_stops_at_the_first_pod_and_goes_back(lab: Any):
    await started(lab, stateful_set())
    await lab.change(STATEFUL_SETS, "web", {"spec": {"template": template("bad")}})
    assert await images(lab) == {"web-0": "nginx:1", "web-1": "nginx:1", "web-2": "bad"}
    # As in Kubernetes: with ordered pods the broken one has to be deleted by hand.
    await lab.change(STATEFUL_SETS, "web", {"spec": {"template": template("nginx:1")}})
    await lab.api.delete(PODS, "default", "web-2")
    await lab.settle()
    assert set((await images(lab)).values()) == {"nginx:1"}


async def test_ordinals_may_start_elsewhere(lab: Any):
    await started(lab, stateful_set(2, ordinals={"start": 5}))
    assert await lab.names(PODS) == ["web-5", "web-6"]


async def test_a_replication_controller_keeps_its_number_of_pods(lab: Any):
    await lab.start(ReplicationControllerController)
    spec = {"replicas": 2, "template": template("nginx:1")}
    manifest = {"apiVersion": "v1", "kind": "ReplicationController"}
    await lab.api.create(
        REPLICATION_CONTROLLERS, {**manifest, "metadata": {"name": "rc", "namespace": "default"}, "spec": spec}
    )
    await lab.settle()
    assert len(await lab.names(PODS)) == 2
    found = await lab.api.get(REPLICATION_CONTROLLERS, "default", "rc")
    assert found["spec"]["selector"] == {"app": "web"}
    assert found["status"]["readyReplicas"] == 2
