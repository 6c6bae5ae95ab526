from typing import Any

import pytest

from k8slab.emulator.controllers.scheduler import Scheduler
from k8slab.emulator.controllers.scheduler_filters import NodeLoad, explanation, misfit, requests_of
from k8slab.kube.objects import Obj, dig, find_condition
from k8slab.kube.resources import NODES, PODS


def node(name: str = "k8slab", labels: dict[str, str] | None = None, **spec: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
        "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"}},
    }


def pod(name: str = "web", requests: dict[str, str] | None = None, **spec: Any) -> Obj:
    container = {"name": "c", "image": "nginx", "resources": {"requests": requests or {}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"containers": [container], **spec},
    }


async def add_node(lab: Any) -> None:
    made = await lab.api.create(NODES, node())
    await lab.api.update(NODES, {**made, "status": node()["status"]}, subresource="status")


def why(wanted: Obj, target: Obj, *others: Obj) -> str:
    found = misfit(wanted, NodeLoad.of(target, others))
    return "" if found is None else explanation([found])


NOT_HELPFUL = (
    " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
)
NO_VICTIMS = (
    " no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
)


# Each message as a real scheduler of 1.34.4 gave it (taints and cordoned nodes: from its sources).
@pytest.mark.parametrize(
    ("wanted", "target", "others", "message"),
    [
        (
            pod(requests={"cpu": "100", "memory": "1000Gi"}),
            node(),
            [],
            "1 Insufficient cpu, 1 Insufficient memory." + NOT_HELPFUL,
        ),
        (pod(requests={"cpu": "1950m"}), node(), [pod("x", {"cpu": "1"})], "1 Insufficient cpu." + NO_VICTIMS),
        (
            pod(nodeSelector={"disk": "ssd"}),
            node(),
            [],
            "1 node(s) didn't match Pod's node affinity/selector." + NOT_HELPFUL,
        ),
        (
            pod(),
            node(taints=[{"key": "gpu", "effect": "NoSchedule"}]),
            [],
            "1 node(s) had untolerated taint(s)." + NOT_HELPFUL,
        ),
        (pod(), node(unschedulable=True), [], "1 node(s) were unschedulable." + NOT_HELPFUL),
    ],
)
def test_the_reasons_are_kubernetes_own(wanted: Obj, target: Obj, others: list[Obj], message: str):
    assert why(wanted, target, *others) == "0/1 nodes are available: " + message


def test_taken_host_ports_and_full_nodes_are_reasons():
    port = {"name": "c", "image": "nginx", "ports": [{"containerPort": 80, "hostPort": 80}]}
    taking = pod(containers=[port])
    assert "1 node(s) didn't have free ports for the requested pod ports." in why(taking, node(), taking)
    assert why(taking, node()) == ""
    full = [pod(str(number)) for number in range(110)]
    assert "1 Too many pods." in why(pod(), node(), *full)


@pytest.mark.parametrize(
    ("toleration", "fits"),
    [
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_tolerations_cover_taints(toleration: Obj, fits: bool):
    tainted = node(taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    assert (why(pod(tolerations=[toleration]), tainted) == "") is fits


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "zone", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "zone", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "rack", "operator": "DoesNotExist"}, True),
        ({"key": "cores", "operator": "Gt", "values": ["3"]}, True),
        ({"key": "cores", "operator": "Lt", "values": ["4"]}, False),
    ],
)
def test_required_node_affinity(expression: Obj, fits: bool):
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    assert (why(pod(affinity=affinity), node(labels={"zone": "a", "cores": "4"})) == "") is fits


def test_init_containers_count_when_they_need_more_and_sidecars_always():
    hungry = {"name": "i", "resources": {"requests": {"cpu": "3"}}}
    sidecar = {"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}}
    assert requests_of(pod(requests={"cpu": "1"}, initContainers=[hungry]))["cpu"] == 3
    assert requests_of(pod(requests={"cpu": "1"}, initContainers=[sidecar]))["cpu"] == 1.5


def test_without_nodes_the_message_is_short():
    assert explanation([]) == "no nodes available to schedule pods"


async def test_a_pod_is_bound_and_the_event_says_where(lab: Any):
    lab.kubelet.hold.add("web")
    await lab.start(Scheduler)
    await add_node(lab)
    await lab.api.create(PODS, pod())
    await lab.settle()
    assert dig(await lab.api.get(PODS, "default", "web"), "spec", "nodeName") == "k8slab"
    assert await lab.messages("Scheduled") == ["Successfully assigned default/web to k8slab"]


async def test_a_pod_that_does_not_fit_waits_until_there_is_room(lab: Any):
    for name in ("first", "second", "third"):
        lab.kubelet.hold.add(name)
    await lab.start(Scheduler)
    await add_node(lab)
    for name in ("first", "second", "third"):
        await lab.api.create(PODS, pod(name, {"cpu": "1500m"}))
    await lab.settle()
    assert [dig(await lab.api.get(PODS, "default", name), "spec", "nodeName") for name in ("first", "second")] == [
        "k8slab",
        None,
    ]
    condition = find_condition(await lab.api.get(PODS, "default", "second"), "PodScheduled")
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert condition["message"] == "0/1 nodes are available: 1 Insufficient cpu." + NO_VICTIMS
    assert await lab.messages("FailedScheduling") == [condition["message"]] * 2
    lab.kubelet.hold.discard("first")
    await lab.api.delete(PODS, "default", "first")
    await lab.settle()
    placed = [dig(await lab.api.get(PODS, "default", name), "spec", "nodeName") for name in ("second", "third")]
    assert sorted(placed, key=str) == [None, "k8slab"]


async def test_a_change_of_the_node_lets_waiting_pods_try_again(lab: Any):
    lab.kubelet.hold.add("web")
    await lab.start(Scheduler)
    await lab.api.create(PODS, pod(nodeSelector={"disk": "ssd"}))
    await lab.settle()
    assert await lab.messages("FailedScheduling") == ["no nodes available to schedule pods"]
    await add_node(lab)
    await lab.settle()
    assert len(await lab.messages("FailedScheduling")) == 2
    await lab.change(NODES, "k8slab", {"metadata": {"labels": {"disk": "ssd"}}}, namespace="")
    assert dig(await lab.api.get(PODS, "default", "web"), "spec", "nodeName") == "k8slab"


async def test_gated_pods_and_those_of_other_schedulers_are_left_alone(lab: Any):
    lab.kubelet.hold |= {"gated", "foreign"}
    await lab.start(Scheduler)
    await add_node(lab)
    await lab.api.create(PODS, pod("gated", schedulingGates=[{"name": "wait"}]))
    await lab.api.create(PODS, pod("foreign", schedulerName="mine"))
    await lab.settle()
    assert await lab.messages() == []
