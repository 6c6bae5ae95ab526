from typing import Any

from k8slab.emulator.controllers.daemonset import DaemonSetController
from k8slab.kube.objects import Obj, name_of
from k8slab.kube.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS


def daemon_set(**spec: Any) -> Obj:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": {
                "metadata": {"labels": {"app": "agent"}},
                "spec": {"containers": [{"name": "agent", "image": "nginx:1"}]},
            },
            **spec,
        },
    }


async def add_node(lab: Any, name: str, labels: dict[str, str] | None = None, taints: list[Obj] | None = None) -> None:
    node: Obj = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels or {}}}
    node["spec"] = {"taints": taints or []}
    await lab.api.create(NODES, node)
    await lab.settle()


async def started(lab: Any, *nodes: str, **spec: Any) -> None:
    await lab.start(DaemonSetController)
    for node in nodes:
        await add_node(lab, node)
    await lab.api.create(DAEMON_SETS, daemon_set(**spec))
    await lab.settle()


async def images(lab: Any) -> list[str]:
    return sorted(pod["spec"]["containers"][0]["image"] for pod in (await lab.api.list(PODS)).items)


async def status(lab: Any) -> Obj:
    return (await lab.api.get(DAEMON_SETS, "default", "agent"))["status"]


async def test_every_node_gets_one_pod_and_a_new_node_too(lab: Any):
    await started(lab, "a", "b")
    await add_node(lab, "c")
    pods = (await lab.api.list(PODS)).items
    places = [
        pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        for pod in pods
    ]
    assert sorted(terms[0]["matchFields"][0]["values"][0] for terms in places) == ["a", "b", "c"]
    assert (await status(lab)) == {
        "currentNumberScheduled": 3, "numberMisscheduled": 0, "desiredNumberScheduled": 3, "numberReady": 3,
        "updatedNumberScheduled": 3, "numberAvailable": 3, "observedGeneration": 1,
    }  # fmt: skip


async def test_a_tainted_or_unselected_node_gets_none(lab: Any):
    await lab.start(DaemonSetController)
    await add_node(lab, "k8slab", {"disk": "ssd"})
    await add_node(lab, "plain")
    await add_node(lab, "tainted", {"disk": "ssd"}, [{"key": "a", "effect": "NoSchedule"}])
    wanted = daemon_set()
    wanted["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    await lab.api.create(DAEMON_SETS, wanted)
    await lab.settle()
    assert len((await lab.api.list(PODS)).items) == 1
    assert (await status(lab))["desiredNumberScheduled"] == 1


async def test_a_new_template_replaces_pods_and_is_kept_as_a_revision(lab: Any):
    await started(lab, "k8slab")
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "nginx:2"}]}}}}
    await lab.change(DAEMON_SETS, "agent", patch)
    assert await images(lab) == ["nginx:2"]
    revisions = (await lab.api.list(CONTROLLER_REVISIONS)).items
    assert sorted(entry["revision"] for entry in revisions) == [1, 2]
    newest = max(revisions, key=lambda entry: entry["revision"])
    assert newest["data"]["spec"]["template"]["$patch"] == "replace"
    assert (await status(lab))["updatedNumberScheduled"] == 1
    found = await lab.api.get(DAEMON_SETS, "default", "agent")
    assert found["metadata"]["annotations"]["deprecated.daemonset.template.generation"] == "2"


async def test_going_back_makes_the_old_revision_the_newest(lab: Any):
    await started(lab, "k8slab")
    for image in ("nginx:2", "nginx:1"):
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": image}]}}}}
        await lab.change(DAEMON_SETS, "agent", patch)
    assert sorted(entry["revision"] for entry in (await lab.api.list(CONTROLLER_REVISIONS)).items) == [2, 3]
    assert await images(lab) == ["nginx:1"]


async def test_on_delete_waits_for_the_pod_to_be_deleted(lab: Any):
    await started(lab, "k8slab", updateStrategy={"type": "OnDelete"})
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "nginx:2"}]}}}}
    await lab.change(DAEMON_SETS, "agent", patch)
    assert await images(lab) == ["nginx:1"]
    await lab.api.delete(PODS, "default", (await lab.names(PODS))[0])
    await lab.settle()
    assert await images(lab) == ["nginx:2"]


async def test_surge_starts_the_new_pod_before_the_old_one_goes(lab: Any):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await started(lab, "k8slab", updateStrategy=rolling)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "bad"}]}}}}
    await lab.change(DAEMON_SETS, "agent", patch)
    assert await images(lab) == ["bad", "nginx:1"]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "nginx:3"}]}}}}
    await lab.change(DAEMON_SETS, "agent", patch)
    assert await images(lab) == ["nginx:3"]


async def test_a_failed_pod_is_replaced_with_an_event(lab: Any):
    await started(lab, "k8slab")
    name = (await lab.names(PODS))[0]
    pod = await lab.api.get(PODS, "default", name)
    lab.kubelet.hold.add(name)
    await lab.api.update(PODS, {**pod, "status": {"phase": "Failed"}}, subresource="status")
    await lab.settle()
    assert name_of(pod) not in await lab.names(PODS)
    assert await lab.messages("FailedDaemonPod") == [
        f"Found failed daemon pod default/{name} on node k8slab, will try to kill it"
    ]
