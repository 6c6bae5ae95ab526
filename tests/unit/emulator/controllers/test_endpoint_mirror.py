from typing import Any

from k8slab.emulator.controllers.endpoint_mirror import EndpointMirror
from k8slab.kube.objects import Obj
from k8slab.kube.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "ext", "namespace": "default"},
    "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
}
BY_HAND = {
    "apiVersion": "v1",
    "kind": "Endpoints",
    "metadata": {"name": "ext", "namespace": "default", "labels": {"team": "x"}, "annotations": {"note": "hi"}},
    "subsets": [
        {
            "addresses": [{"ip": "10.1.1.1", "hostname": "one"}, {"ip": "10.1.1.2"}],
            "notReadyAddresses": [{"ip": "10.1.1.3"}],
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        }
    ],
}


async def slices(lab: Any) -> list[Obj]:
    found = (await lab.api.list(ENDPOINT_SLICES)).items
    return [piece for piece in found if piece["metadata"]["name"] != "kubernetes"]


async def the_slice(lab: Any) -> Obj:
    (found,) = await slices(lab)
    return found


async def test_endpoints_written_by_hand_are_mirrored_as_on_a_real_cluster(lab: Any):
    await lab.start(EndpointMirror)
    await lab.api.create(SERVICES, SERVICE)
    await lab.api.create(ENDPOINTS, BY_HAND)
    await lab.settle()
    found = await the_slice(lab)
    assert found["metadata"]["labels"] == {
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
        "kubernetes.io/service-name": "ext",
        "team": "x",
    }
    assert found["metadata"]["annotations"] == {"note": "hi"}
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
    assert found["endpoints"] == [
        {"addresses": ["10.1.1.1"], "conditions": {"ready": True}, "hostname": "one"},
        {"addresses": ["10.1.1.2"], "conditions": {"ready": True}},
        {"addresses": ["10.1.1.3"], "conditions": {"ready": False}},
    ]
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    subset = {"addresses": [{"ip": "10.1.1.9"}], "ports": [{"name": "http", "port": 9090, "protocol": "TCP"}]}
    await lab.change(ENDPOINTS, "ext", {"subsets": [subset]})
    changed = await the_slice(lab)
    assert changed["metadata"]["name"] == found["metadata"]["name"]
    assert (changed["endpoints"][0]["addresses"], changed["ports"][0]["port"]) == (["10.1.1.9"], 9090)
    await lab.api.delete(SERVICES, "default", "ext")
    await lab.settle()
    assert await slices(lab) == []


async def test_what_another_controller_writes_is_not_mirrored(lab: Any):
    await lab.start(EndpointMirror)
    await lab.api.create(SERVICES, {**SERVICE, "spec": {**SERVICE["spec"], "selector": {"app": "web"}}})
    await lab.api.create(ENDPOINTS, BY_HAND)
    skipped = {"name": "skipped", "namespace": "default"}
    await lab.api.create(SERVICES, {**SERVICE, "metadata": skipped})
    label = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    await lab.api.create(ENDPOINTS, {**BY_HAND, "metadata": {**skipped, "labels": label}})
    await lab.settle()
    assert await slices(lab) == []
