from typing import Any

import pytest

from k8slab.emulator.controllers.endpoint_slice import EndpointSliceController
from k8slab.emulator.controllers.endpoint_slice_plan import plan
from k8slab.emulator.controllers.endpoints import EndpointsController, subsets_of
from k8slab.kube.objects import Obj, annotations_of, dig, labels_of
from k8slab.kube.resources import ENDPOINT_SLICES, ENDPOINTS, NODES, PODS, SERVICES

PORT = {"port": 8000, "targetPort": 80, "protocol": "TCP"}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "k8slab"}}


def service(*ports: Obj, **spec: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}, "uid": "s-1"},
        "spec": {
            "selector": {"app": "web"},
            "clusterIP": "10.96.0.7",
            "ipFamilies": ["IPv4"],
            "ports": list(ports) or [PORT],
            **spec,
        },
    }


def pod(number: int, *, ready: bool = True, ports: list[Obj] | None = None, **spec: Any) -> Obj:
    address = f"10.244.0.{number}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"web-{number}", "namespace": "default", "labels": {"app": "web"}, "uid": f"u-{number}"},
        "spec": {
            "nodeName": "k8slab",
            "containers": [{"name": "c", "image": "nginx", "ports": ports or []}],
            **spec,
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        },
    }


def planned(wanted: Obj, pods: list[Obj], existing: list[Obj] | None = None) -> tuple[int, int, int, list[Obj]]:
    made = plan(wanted, pods, existing or [], lambda _: NODE)
    return len(made.create), len(made.update), len(made.delete), made.create + made.update


async def begin(lab: Any, *objects: Obj) -> None:
    await lab.api.create(NODES, NODE)
    await lab.start(EndpointSliceController, EndpointsController)
    for obj in objects:
        await lab.api.create({"Pod": PODS, "Service": SERVICES}[obj["kind"]], obj)
    await lab.settle()


async def slices(lab: Any) -> list[Obj]:
    found = (await lab.api.list(ENDPOINT_SLICES)).items
    return [piece for piece in found if piece["metadata"]["name"] != "kubernetes"]


async def the_slice(lab: Any) -> Obj:
    (found,) = await slices(lab)
    return found


async def test_slices_and_endpoints_follow_the_pods_as_on_a_real_cluster(lab: Any):
    await begin(lab, pod(1), service(), pod(2))
    found = await the_slice(lab)
    uids = {name: dig(await lab.api.get(PODS, "default", name), "metadata", "uid") for name in ("web-1", "web-2")}
    meta = found["metadata"]
    assert meta["generateName"] == "web-"
    assert meta["labels"] == {
        "app": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "web",
    }
    assert meta["annotations"] == {"endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"}
    assert meta["ownerReferences"][0]["kind"] == "Service"
    assert found["addressType"] == "IPv4"
    assert found["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]
    assert found["endpoints"][0] == {
        "addresses": ["10.244.0.2"],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": "k8slab",
        "targetRef": {"kind": "Pod", "name": "web-1", "namespace": "default", "uid": uids["web-1"]},
    }
    endpoints = await lab.api.get(ENDPOINTS, "default", "web")
    assert labels_of(endpoints) == {"app": "web", "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    assert list(annotations_of(endpoints)) == ["endpoints.kubernetes.io/last-change-trigger-time"]
    (subset,) = endpoints["subsets"]
    assert subset["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert [address["ip"] for address in subset["addresses"]] == ["10.244.0.2", "10.244.0.3"]


async def test_a_pod_that_stops_being_ready_stays_listed_as_such(lab: Any):
    await begin(lab, pod(1), pod(2), service())
    lab.kubelet.ready = False
    await lab.change(PODS, "web-2", {"metadata": {"annotations": {"poke": "1"}}})
    ready = {entry["addresses"][0]: entry["conditions"]["ready"] for entry in (await the_slice(lab))["endpoints"]}
    assert ready == {"10.244.0.2": True, "10.244.0.3": False}
    (subset,) = (await lab.api.get(ENDPOINTS, "default", "web"))["subsets"]
    assert [address["ip"] for address in subset["notReadyAddresses"]] == ["10.244.0.3"]


async def test_a_terminating_pod_serves_but_is_not_ready(lab: Any):
    await begin(lab, pod(1), service())
    lab.kubelet.hold.add("web-1")
    await lab.api.delete(PODS, "default", "web-1")
    await lab.settle()
    (endpoint,) = (await the_slice(lab))["endpoints"]
    assert endpoint["conditions"] == {"ready": False, "serving": True, "terminating": True}
    assert not (await lab.api.get(ENDPOINTS, "default", "web")).get("subsets")


async def test_a_service_without_pods_has_an_empty_slice_and_a_deleted_one_no_endpoints(lab: Any):
    await begin(lab, service())
    found = await the_slice(lab)
    assert (found["endpoints"], found["ports"]) == ([], [])
    name = found["metadata"]["name"]
    await lab.api.create(PODS, pod(1))
    await lab.settle()
    assert (await the_slice(lab))["metadata"]["name"] == name
    await lab.change(PODS, "web-1", {"metadata": {"labels": {"app": "other"}}})
    assert (await the_slice(lab))["endpoints"] == []
    await lab.api.delete(SERVICES, "default", "web")
    await lab.settle()
    assert await lab.names(ENDPOINTS) == ["kubernetes"]


async def test_services_without_selector_are_left_alone(lab: Any):
    await begin(lab, service(selector=None))
    assert await slices(lab) == []
    assert await lab.names(ENDPOINTS) == ["kubernetes"]


async def test_nothing_is_written_when_nothing_changed(lab: Any):
    await begin(lab, pod(1), service())
    before = len(lab.api.writes)
    await lab.change(SERVICES, "web", {"metadata": {"annotations": {"poke": "1"}}})
    assert lab.api.writes[before:] == [("patch", "services", "web")]


def test_a_named_port_may_be_another_number_in_each_pod():
    named = service({"name": "http", "port": 80, "targetPort": "web", "protocol": "TCP"})
    pods = [
        pod(number, ports=[{"name": "web", "containerPort": port, "protocol": "TCP"}])
        for number, port in enumerate((80, 8080, 80), 1)
    ]
    created, _, _, slices = planned(named, pods)
    assert created == 2
    assert sorted((piece["ports"][0]["port"], len(piece["endpoints"])) for piece in slices) == [(80, 2), (8080, 1)]
    assert [(subset["ports"][0]["port"], len(subset["addresses"])) for subset in subsets_of(named, pods)] == [
        (80, 2),
        (8080, 1),
    ]


def test_pods_without_the_named_port_are_listed_without_ports_and_not_in_endpoints():
    named = service({"name": "http", "port": 80, "targetPort": "nosuch", "protocol": "TCP"})
    _, _, _, (piece,) = planned(named, [pod(1)])
    assert (piece["ports"], len(piece["endpoints"])) == ([], 1)
    assert subsets_of(named, [pod(1)]) == []


def test_publish_not_ready_addresses_makes_every_endpoint_ready():
    _, _, _, (piece,) = planned(service(publishNotReadyAddresses=True), [pod(1, ready=False)])
    assert piece["endpoints"][0]["conditions"] == {"ready": True, "serving": False, "terminating": False}
    assert "addresses" in subsets_of(service(publishNotReadyAddresses=True), [pod(1, ready=False)])[0]


def test_headless_services_say_so_and_name_their_pods():
    headless = service(clusterIP="None")
    _, _, _, (piece,) = planned(headless, [pod(1, hostname="first", subdomain="web")])
    assert labels_of(piece)["service.kubernetes.io/headless"] == ""
    assert piece["endpoints"][0]["hostname"] == "first"


def test_a_headless_service_without_ports_has_addresses_without_ports():
    bare = service(clusterIP="None")
    bare["spec"]["ports"] = []
    (subset,) = subsets_of(bare, [pod(1)])
    assert "ports" not in subset
    assert len(subset["addresses"]) == 1


@pytest.mark.parametrize(("count", "sizes"), [(100, [100]), (101, [1, 100]), (250, [50, 100, 100])])
def test_a_slice_holds_a_hundred(count: int, sizes: list[int]):
    _, _, _, slices = planned(service(), [pod(number) for number in range(count)])
    assert sorted(len(piece["endpoints"]) for piece in slices) == sizes


def test_one_more_pod_changes_one_slice():
    wanted = service()
    pods = [pod(number) for number in range(150)]
    _, _, _, slices = planned(wanted, pods)
    for number, piece in enumerate(slices):
        piece["metadata"]["name"] = f"web-{number}"
    assert planned(wanted, pods, slices)[:3] == (0, 0, 0)
    assert planned(wanted, [*pods, pod(200)], slices)[:3] == (0, 1, 0)
    assert planned(wanted, pods[1:], slices)[:3] == (0, 1, 0)


async def test_pods_are_listed_when_their_node_appears(lab: Any):
    await lab.start(EndpointSliceController)
    await lab.api.create(PODS, pod(1))
    await lab.api.create(SERVICES, service())
    await lab.settle()
    assert (await the_slice(lab))["endpoints"] == []
    await lab.api.create(NODES, NODE)
    await lab.settle()
    assert len((await the_slice(lab))["endpoints"]) == 1
