import pytest

from k8slab.clock import ManualClock
from k8slab.emulator.api import Api
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.kube.resources import EVENTS

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "default", "uid": "u-1", "resourceVersion": "7"},
}


@pytest.fixture
def recorder(api: Api, clock: ManualClock):
    return EventRecorder(api, clock, "kubelet", "k8slab")


async def stored(api: Api):
    return (await api.list(EVENTS)).items


async def test_an_event_has_the_fields_that_kubernetes_writes(api: Api, recorder: EventRecorder):
    recorder.event(POD, "Normal", "Started", "Started container nginx", "spec.containers{nginx}")
    await recorder.flush()
    (event,) = await stored(api)
    name = event["metadata"].pop("name")
    del event["metadata"]["uid"], event["metadata"]["resourceVersion"]
    assert name == "web-1.18867251edfa0000"
    assert event == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "involvedObject": {
            "apiVersion": "v1",
            "fieldPath": "spec.containers{nginx}",
            "kind": "Pod",
            "name": "web-1",
            "namespace": "default",
            "resourceVersion": "7",
            "uid": "u-1",
        },
        "reason": "Started",
        "message": "Started container nginx",
        "type": "Normal",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "eventTime": None,
        "source": {"component": "kubelet", "host": "k8slab"},
        "reportingComponent": "kubelet",
        "reportingInstance": "k8slab",
    }


async def test_the_same_event_again_is_counted(api: Api, recorder: EventRecorder, clock: ManualClock):
    for _ in range(3):
        recorder.event(POD, "Warning", "BackOff", "Back-off restarting failed container")
        await recorder.flush()
        await clock.advance(10)
    (event,) = await stored(api)
    assert (event["count"], event["firstTimestamp"][-4:], event["lastTimestamp"][-4:]) == (3, ":00Z", ":20Z")


async def test_an_event_that_was_removed_is_written_anew(api: Api, recorder: EventRecorder):
    recorder.event(POD, "Normal", "Pulled", "ok")
    await recorder.flush()
    (event,) = await stored(api)
    await api.delete(EVENTS, "default", event["metadata"]["name"])
    recorder.event(POD, "Normal", "Pulled", "ok")
    await recorder.flush()
    (again,) = await stored(api)
    assert again["count"] == 1


async def test_the_tenth_similar_event_is_combined(api: Api, recorder: EventRecorder):
    for number in range(12):
        recorder.event(POD, "Normal", "SuccessfulCreate", f"Created pod: {number}")
    await recorder.flush()
    messages = [(event["message"], event["count"]) for event in await stored(api)]
    assert len(messages) == 10
    assert messages[-1] == ("(combined from similar events): Created pod: 11", 3)


async def test_an_object_may_not_flood(api: Api, recorder: EventRecorder, clock: ManualClock):
    for _ in range(40):
        recorder.event(POD, "Warning", "Unhealthy", "same")
    await recorder.flush()
    assert (await stored(api))[0]["count"] == 25
    await clock.advance(300)
    recorder.event(POD, "Warning", "Unhealthy", "same")
    await recorder.flush()
    assert (await stored(api))[0]["count"] == 26
