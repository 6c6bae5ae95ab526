from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from k8slab.kube.resources import DEPLOYMENTS, EVENTS, PODS
from k8slab.snapshot import Snapshot
from k8slab.snapshot.changes import changes
from k8slab.snapshot.timeline import timeline

NOW = datetime(2026, 1, 1, 0, 2, tzinfo=UTC)


def obj(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": "default", "resourceVersion": str(id(more))}} | more


def picture(pods: list[Any], deployments: list[Any], events: Any = ()) -> Snapshot:
    return Snapshot.build("default", NOW, {PODS: pods, DEPLOYMENTS: deployments, EVENTS: events})


def test_what_came_went_and_changed():
    before = picture(
        [obj("Pod", "old"), obj("Pod", "same")], [obj("Deployment", "web", spec={"replicas": 1, "a": [1]})]
    )
    after = picture(
        [obj("Pod", "new"), obj("Pod", "same")], [obj("Deployment", "web", spec={"replicas": 3, "a": [1, 2]})]
    )
    found = changes(before, after)
    assert str(found).splitlines() == [
        "~ Deployment default/web",
        "    spec.a: [1] -> [1, 2]",
        "    spec.replicas: 1 -> 3",
        "+ Pod default/new",
        "- Pod default/old",
    ]
    assert str(changes(before, before)) == "Nothing changed."


def test_the_order_of_named_things_says_nothing():
    before = picture(
        [], [obj("Deployment", "web", conditions=[{"type": "A", "status": "x"}, {"type": "B", "status": "y"}])]
    )
    after = picture(
        [], [obj("Deployment", "web", conditions=[{"type": "B", "status": "z"}, {"type": "A", "status": "x"}])]
    )
    assert str(changes(before, after)).splitlines()[1:] == ["    conditions.(B).status: y -> z"]


def test_what_others_wrote_is_escaped():
    before = picture([], [obj("Deployment", "web", spec={"x": "a"})])
    after = picture([], [obj("Deployment", "web", spec={"x": "<img src=x>"})])
    assert "<img" not in changes(before, after)._repr_html_()


def event(name: str, reason: str, message: str, at: str, kind: str = "Normal") -> dict[str, Any]:
    about = {"kind": "Pod", "name": name}
    meta = {"name": f"{name}-{reason}", "namespace": "default"}
    return {"metadata": meta, "involvedObject": about, "reason": reason, "message": message, "type": kind, "count": 2,
            "lastTimestamp": at}  # fmt: skip


def test_the_timeline_has_the_newest_last():
    events = [
        event("web-1", "Unhealthy", "<b>404", "2026-01-01T00:01:59Z", "Warning"),
        event("web-2", "Started", "begun", "2026-01-01T00:00:00Z"),
    ]
    found = timeline(picture([], [], events))
    lines = str(found).splitlines()
    assert lines[0].split() == ["2m", "Started", "Pod/web-2:", "begun", "(x2)"]
    assert lines[1].split()[:3] == ["1s", "!", "Unhealthy"]
    assert "<b>404" not in found._repr_html_()
    assert str(timeline(picture([], [], events), "pod/web-1")).count("\n") == 0
    assert str(timeline(picture([], []))) == "No events."
