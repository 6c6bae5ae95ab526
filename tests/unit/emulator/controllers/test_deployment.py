import re
from typing import Any

import pytest

from k8slab.emulator.controllers.deployment import DeploymentController
from k8slab.emulator.controllers.replicaset import ReplicaSetController
from k8slab.kube.objects import Obj, annotations_of, dig, find_condition, is_deleting, name_of
from k8slab.kube.resources import DEPLOYMENTS, PODS, REPLICA_SETS

REVISION = "deployment.kubernetes.io/revision"


def deployment(replicas: int = 3, image: str = "nginx:1", **spec: Any) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(image),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            **spec,
        },
    }


def template(image: str) -> Obj:
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "nginx", "image": image}]},
    }


async def begin(lab: Any, obj: Obj) -> None:
    await lab.start(DeploymentController, ReplicaSetController)
    await lab.api.create(DEPLOYMENTS, obj)
    await lab.settle()


async def web(lab: Any) -> Obj:
    found: Obj = await lab.api.get(DEPLOYMENTS, "default", "web")
    return found


async def sets(lab: Any) -> dict[str, int]:
    """Return the size of each ReplicaSet by its image."""
    return {
        dig(found, "spec", "template", "spec", "containers", 0, "image"): found["spec"]["replicas"]
        for found in (await lab.api.list(REPLICA_SETS)).items
    }


async def revision(lab: Any) -> str:
    """Return the highest revision, as ``kubectl rollout history`` finds it."""
    return annotations_of((await _by_revision(lab))[-1])[REVISION]


async def conditions(lab: Any) -> dict[str, tuple[str, str, str]]:
    found = (await web(lab))["status"]["conditions"]
    return {entry["type"]: (entry["status"], entry["reason"], entry["message"]) for entry in found}


async def set_image(lab: Any, image: str) -> None:
    await lab.change(DEPLOYMENTS, "web", {"spec": {"template": template(image)}})


async def test_a_new_deployment_ends_as_on_a_real_cluster(lab: Any):
    await begin(lab, deployment())
    (made,) = (await lab.api.list(REPLICA_SETS)).items
    hashed = made["metadata"]["labels"]["pod-template-hash"]
    assert re.fullmatch("[bcdf4-9]{8,10}", hashed)
    assert name_of(made) == f"web-{hashed}"
    assert made["metadata"]["labels"] == {"app": "web", "pod-template-hash": hashed}
    assert annotations_of(made) == {
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
        REVISION: "1",
    }
    assert made["spec"]["selector"] == {"matchLabels": {"app": "web", "pod-template-hash": hashed}}
    status = (await web(lab))["status"]
    assert {name: value for name, value in status.items() if name != "conditions"} == {
        "availableReplicas": 3,
        "observedGeneration": 1,
        "readyReplicas": 3,
        "replicas": 3,
        "updatedReplicas": 3,
    }
    assert [entry["type"] for entry in status["conditions"]] == ["Available", "Progressing"]
    assert await conditions(lab) == {
        "Available": ("True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        "Progressing": (
            "True",
            "NewReplicaSetAvailable",
            f'ReplicaSet "web-{hashed}" has successfully progressed.',
        ),
    }
    assert await lab.messages("ScalingReplicaSet") == [f"Scaled up replica set web-{hashed} from 0 to 3"]


async def test_a_deployment_shows_its_revision(lab: Any):
    await begin(lab, deployment())
    assert annotations_of(await web(lab)) == {REVISION: "1"}
    await set_image(lab, "nginx:2")
    assert annotations_of(await web(lab)) == {REVISION: "2"}


async def test_scaling_keeps_the_revision(lab: Any):
    await begin(lab, deployment())
    await lab.change(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})
    assert await sets(lab) == {"nginx:1": 5}
    assert len(await lab.names(PODS)) == 5
    await lab.change(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    assert await lab.names(PODS) == []
    assert await revision(lab) == "1"
    assert [text.split(" from ")[1] for text in await lab.messages("ScalingReplicaSet")] == [
        "0 to 3",
        "3 to 5",
        "5 to 0",
    ]
    assert (await web(lab))["status"]["observedGeneration"] == 3


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "most", "least"),
    [
        (3, "25%", "25%", 4, 3),
        (10, "25%", "25%", 13, 8),
        (4, 1, 0, 5, 4),
        (4, 0, 1, 4, 3),
        (4, 0, "10%", 4, 3),
        (2, "100%", "100%", 4, 0),
        (1, 1, 0, 2, 1),
    ],
)
async def test_a_rolling_update_keeps_within_its_bounds_at_every_step(
    lab: Any, replicas: int, surge: int | str, unavailable: int | str, most: int, least: int
):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    await begin(lab, deployment(replicas, strategy=rolling))
    pods: dict[str, Obj] = {found["metadata"]["uid"]: found for found in (await lab.api.list(PODS)).items}
    seen: list[tuple[int, int]] = []

    def check(before: Obj | None, after: Obj | None) -> None:
        if after is None:
            pods.pop(before["metadata"]["uid"], None)
        else:
            pods[after["metadata"]["uid"]] = after
        alive = [found for found in pods.values() if not is_deleting(found)]
        ready = [found for found in alive if (find_condition(found, "Ready") or {}).get("status") == "True"]
        seen.append((len(alive), len(ready)))

    lab.desk.informer(PODS).subscribe(check)
    seen.clear()
    await set_image(lab, "nginx:2")
    assert max(alive for alive, _ in seen) <= most
    assert min(ready for _, ready in seen) >= least
    assert await sets(lab) == {"nginx:1": 0, "nginx:2": replicas}
    assert await revision(lab) == "2"
    assert (await conditions(lab))["Progressing"][1] == "NewReplicaSetAvailable"


async def test_going_back_reuses_the_old_replica_set_under_a_new_revision(lab: Any):
    await begin(lab, deployment())
    await set_image(lab, "nginx:2")
    await set_image(lab, "nginx:1")
    assert await sets(lab) == {"nginx:1": 3, "nginx:2": 0}
    assert await revision(lab) == "3"
    back = next(found for found in (await lab.api.list(REPLICA_SETS)).items if found["spec"]["replicas"])
    assert annotations_of(back)[REVISION] == "3"
    assert annotations_of(back)["deployment.kubernetes.io/revision-history"] == "1"


async def test_a_bad_image_leaves_the_old_pods_running_and_times_out(lab: Any):
    await begin(lab, deployment(progressDeadlineSeconds=60))
    await set_image(lab, "bad")
    assert await sets(lab) == {"nginx:1": 3, "bad": 1}
    assert (await web(lab))["status"]["unavailableReplicas"] == 1
    assert (await conditions(lab))["Progressing"][1] == "ReplicaSetUpdated"
    await lab.advance(59)
    assert (await conditions(lab))["Progressing"][0] == "True"
    await lab.advance(3)
    status, reason, message = (await conditions(lab))["Progressing"]
    assert (status, reason) == ("False", "ProgressDeadlineExceeded")
    assert re.fullmatch(r'ReplicaSet "web-\w+" has timed out progressing\.', message)
    await set_image(lab, "nginx:1")
    assert await sets(lab) == {"nginx:1": 3, "bad": 0}
    assert (await conditions(lab))["Progressing"][:2] == ("True", "NewReplicaSetAvailable")


async def test_a_paused_deployment_waits_but_scales(lab: Any):
    await begin(lab, deployment())
    await lab.change(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    assert (await conditions(lab))["Progressing"] == ("Unknown", "DeploymentPaused", "Deployment is paused")
    await set_image(lab, "nginx:2")
    assert await sets(lab) == {"nginx:1": 3}
    await lab.change(DEPLOYMENTS, "web", {"spec": {"replicas": 4}})
    assert await sets(lab) == {"nginx:1": 4}
    await lab.change(DEPLOYMENTS, "web", {"spec": {"paused": None}})
    assert await sets(lab) == {"nginx:1": 0, "nginx:2": 4}


async def test_recreate_starts_new_pods_only_when_the_old_ones_are_gone(lab: Any):
    await begin(lab, deployment(2, strategy={"type": "Recreate"}))
    held = set(await lab.names(PODS))
    lab.kubelet.hold |= held
    await set_image(lab, "nginx:2")
    assert await sets(lab) == {"nginx:1": 0}
    assert set(await lab.names(PODS)) == held
    lab.kubelet.hold.clear()
    for name in held:
        await lab.change(PODS, name, {"metadata": {"annotations": {"poke": "1"}}})
    assert await sets(lab) == {"nginx:1": 0, "nginx:2": 2}
    assert not held & set(await lab.names(PODS))


async def test_old_replica_sets_beyond_the_limit_are_removed(lab: Any):
    await begin(lab, deployment(1, revisionHistoryLimit=2))
    for number in range(2, 7):
        await set_image(lab, f"nginx:{number}")
    assert set(await sets(lab)) == {"nginx:4", "nginx:5", "nginx:6"}


async def test_scaling_in_the_middle_of_a_rollout_is_proportional(lab: Any):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    await begin(lab, deployment(10, strategy=rolling))
    await set_image(lab, "bad")
    assert await sets(lab) == {"nginx:1": 8, "bad": 5}
    # The example of the documentation ("Proportional scaling"): 10 to 15 adds 5, 3 to the larger and 2 to the other.
    await lab.change(DEPLOYMENTS, "web", {"spec": {"replicas": 15}})
    assert await sets(lab) == {"nginx:1": 11, "bad": 7}


async def test_a_name_that_is_taken_by_another_replica_set_counts_as_a_collision(lab: Any):
    await begin(lab, deployment(1))
    (made,) = await lab.names(REPLICA_SETS)
    await lab.api.delete(DEPLOYMENTS, "default", "web")
    await lab.settle()
    taken = await lab.api.get(REPLICA_SETS, "default", made)
    taken["metadata"]["ownerReferences"][0]["uid"] = "somebody-else"
    await lab.api.update(REPLICA_SETS, taken)
    await lab.api.create(DEPLOYMENTS, deployment(1))
    await lab.settle()
    await lab.advance(1)
    assert (await web(lab))["status"]["collisionCount"] == 1
    assert len(await lab.names(REPLICA_SETS)) == 2


async def test_min_ready_seconds_slow_a_rollout_down(lab: Any):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await begin(lab, deployment(2, strategy=rolling, minReadySeconds=5))
    await lab.advance(5)
    await set_image(lab, "nginx:2")
    assert await sets(lab) == {"nginx:1": 2, "nginx:2": 1}
    await lab.advance(5)
    assert await sets(lab) == {"nginx:1": 1, "nginx:2": 2}
    await lab.advance(5)
    assert await sets(lab) == {"nginx:1": 0, "nginx:2": 2}


# What a real cluster (1.34.4) recorded for: create with 3 replicas, a new image, pause and resume, an image that
# does not exist with a deadline of 5 s, undo, scale to 5. Names of ReplicaSets are numbered in order of appearance.
RECORDED = """
Scaled up replica set #1 from 0 to 3
Scaled up replica set #2 from 0 to 1
Scaled down replica set #1 from 3 to 2
Scaled up replica set #2 from 1 to 2
Scaled down replica set #1 from 2 to 1
Scaled up replica set #2 from 2 to 3
Scaled down replica set #1 from 1 to 0
Scaled up replica set #3 from 0 to 1
Scaled down replica set #3 from 1 to 0
Scaled up replica set #2 from 3 to 5
""".strip().splitlines()


async def test_a_whole_story_is_told_as_by_a_real_cluster(lab: Any):
    await begin(lab, deployment())
    await lab.advance(1800)
    await set_image(lab, "nginx:2")
    await lab.change(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    await lab.change(DEPLOYMENTS, "web", {"spec": {"paused": None}})
    assert (await conditions(lab))["Progressing"][1] == "NewReplicaSetAvailable"
    await lab.change(DEPLOYMENTS, "web", {"spec": {"progressDeadlineSeconds": 5}})
    await set_image(lab, "bad")
    await lab.advance(9)
    assert (await conditions(lab))["Progressing"][1] == "ProgressDeadlineExceeded"
    await set_image(lab, "nginx:2")
    assert (await conditions(lab))["Progressing"][1] == "NewReplicaSetAvailable"
    await lab.change(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})
    names: dict[str, str] = {}
    told = [
        re.sub(r"web-\w+", lambda found: names.setdefault(found.group(), f"#{len(names) + 1}"), message)
        for message in await lab.messages("ScalingReplicaSet")
    ]
    assert told == RECORDED
    found = await web(lab)
    assert await revision(lab) == "4"
    assert found["metadata"]["generation"] == found["status"]["observedGeneration"] == 8
    assert [annotations_of(rs).get("deployment.kubernetes.io/revision-history") for rs in await _by_revision(lab)] == [
        None,
        None,
        "2",
    ]


async def _by_revision(lab: Any) -> list[Obj]:
    found = (await lab.api.list(REPLICA_SETS)).items
    return sorted(found, key=lambda replica_set: int(annotations_of(replica_set)[REVISION]))
