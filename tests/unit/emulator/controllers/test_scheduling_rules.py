from typing import Any

import pytest

from k8slab.emulator.controllers.scheduler import Scheduler
from k8slab.emulator.controllers.scheduler_filters import NodeLoad
from k8slab.emulator.controllers.scheduler_topology import Surroundings
from k8slab.emulator.controllers.taint_eviction import TaintEviction
from k8slab.kube.objects import Obj
from k8slab.kube.resources import NODES, PODS, PRIORITY_CLASSES

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOST = "kubernetes.io/hostname"


def node(name: str, zone: str = "", pods: tuple[Obj, ...] = ()) -> NodeLoad:
    labels = {HOST: name, **({"zone": zone} if zone else {})}
    status = {"allocatable": {"pods": "110", "cpu": "1"}}
    return NodeLoad.of({"metadata": {"name": name, "labels": labels}, "status": status}, pods)


def pod(app: str = "web", name: str = "p", **spec: Any) -> Obj:
    return {"metadata": {"name": name, "namespace": "default", "labels": {"app": app}}, "spec": spec}


def near(kind: str, app: str, key: str = HOST) -> Obj:
    return {"affinity": {kind: {REQUIRED: [{"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key}]}}}


def reasons(wanted: Obj, *loads: NodeLoad) -> dict[str, str]:
    around = Surroundings(loads, {})
    found = {load.node["metadata"]["name"]: around.misfit(wanted, load) for load in loads}
    return {name: misfit.reasons[0] for name, misfit in found.items() if misfit is not None}


def test_anti_affinity_keeps_apart_from_both_sides():
    here, there = node("a", pods=(pod(),)), node("b")
    words = "node(s) didn't match pod anti-affinity rules"
    assert reasons(pod(**near("podAntiAffinity", "web")), here, there) == {"a": words}
    guarded = node("a", pods=(pod("db", **near("podAntiAffinity", "web")),))
    assert reasons(pod(), guarded, there) == {"a": "node(s) didn't satisfy existing pods anti-affinity rules"}


def test_affinity_wants_company_but_the_first_may_come():
    assert reasons(pod(**near("podAffinity", "db")), node("a", pods=(pod("db"),)), node("b")) == {
        "b": "node(s) didn't match pod affinity rules"
    }
    assert reasons(pod(**near("podAffinity", "web")), node("a")) == {}
    assert reasons(pod(**near("podAffinity", "db")), node("a")) != {}


def spread(**more: Any) -> Obj:
    constraint = {
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}}, **more,
    }  # fmt: skip
    return pod(topologySpreadConstraints=[constraint])


def test_spreading_fills_zones_evenly():
    full, empty, nowhere = node("a", "x", (pod(),)), node("b", "y"), node("c")
    assert reasons(spread(), full, empty, nowhere) == {
        "a": "node(s) didn't match pod topology spread constraints",
        "c": "node(s) didn't match pod topology spread constraints (missing required label)",
    }
    assert reasons(spread(whenUnsatisfiable="ScheduleAnyway"), full, empty, nowhere) == {}


async def cluster(lab: Any) -> None:
    lab.kubelet.hold |= {"low", "high"}
    status = {"allocatable": {"pods": "110", "cpu": "1"}}
    await lab.api.create(NODES, {"metadata": {"name": "k8slab", "labels": {HOST: "k8slab"}}, "status": status})
    await lab.api.create(PRIORITY_CLASSES, {"metadata": {"name": "high"}, "value": 1000})
    await lab.settle()


def asking(name: str, **spec: Any) -> Obj:
    container = {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "800m"}}}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"containers": [container], **spec}}


async def test_a_pod_of_higher_priority_sends_a_lower_one_away(lab: Any):
    await lab.start(Scheduler)
    await cluster(lab)
    await lab.api.create(PODS, asking("low"))
    await lab.settle()
    await lab.api.create(PODS, asking("high", priorityClassName="high"))
    await lab.settle()
    waiting = await lab.api.get(PODS, "default", "high")
    assert waiting["status"]["nominatedNodeName"] == "k8slab"
    assert "deletionTimestamp" in (await lab.api.get(PODS, "default", "low"))["metadata"]
    (told,) = await lab.messages("Preempted")
    assert told == f"Preempted by pod {waiting['metadata']['uid']} on node k8slab"
    lab.kubelet.hold.discard("low")
    await lab.change(PODS, "low", {"metadata": {"labels": {"poke": "1"}}})
    assert (await lab.api.get(PODS, "default", "high"))["spec"]["nodeName"] == "k8slab"


@pytest.mark.parametrize("policy", ["Never", "same"])
async def test_equals_and_the_polite_wait(lab: Any, policy: str):
    await lab.start(Scheduler)
    await cluster(lab)
    await lab.api.create(PODS, asking("low"))
    more = {"priorityClassName": "polite"} if policy == "Never" else {}
    await lab.api.create(PRIORITY_CLASSES, {"metadata": {"name": "polite"}, "value": 9, "preemptionPolicy": "Never"})
    await lab.settle()
    await lab.api.create(PODS, asking("high", **more))
    await lab.settle()
    assert await lab.names(PODS) == ["high", "low"]
    assert len(await lab.messages("FailedScheduling")) == 1


async def test_a_taint_sends_pods_away_at_once_or_when_their_time_is_over(lab: Any):
    await lab.start(Scheduler, TaintEviction)
    await cluster(lab)
    tolerations = [{"key": "sick", "operator": "Exists", "effect": "NoExecute"}]
    for name, own in (("gone", []), ("later", [{**tolerations[0], "tolerationSeconds": 60}]), ("stays", tolerations)):
        spec = {"containers": [{"name": "c", "image": "nginx"}], "tolerations": own}
        await lab.api.create(PODS, {"metadata": {"name": name, "namespace": "default"}, "spec": spec})
    await lab.settle()
    await lab.change(NODES, "k8slab", {"spec": {"taints": [{"key": "sick", "effect": "NoExecute"}]}}, namespace="")
    assert await lab.names(PODS) == ["later", "stays"]
    assert await lab.messages("TaintManagerEviction") == ["Marking for deletion Pod default/gone"]
    await lab.advance(61)
    assert await lab.names(PODS) == ["stays"]
