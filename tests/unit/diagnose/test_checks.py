"""The cause beside a failed check."""

from __future__ import annotations

from typing import Any

from k8slab.diagnose import likely_cause
from k8slab.kube import resources as r
from k8slab.snapshot import Snapshot

from .world import NOW, deployment, diagnosed, service, world


def caused(*paths: str, **changed: Any) -> str:
    objects = world()
    for name, value in changed.items():
        objects[getattr(r, name)] = value
    return likely_cause(Snapshot.build("default", NOW, objects), paths).text


def test_what_is_missing_comes_first():
    said = caused("Deployment/web spec.replicas", "Service/wbe")
    assert said == "There is no Service called wbe, but there is one called web."
    assert caused("Deployment/nothing") == "There is no Deployment called nothing yet."


def test_replicas_explain_only_replicas():
    assert caused("Deployment/web spec.replicas") == "Deployment web wants 1 replicas and has them."
    assert caused("Deployment/web spec.template") == ""
    paused = [deployment(paused=True)]
    assert caused("Deployment/web status.updatedReplicas", DEPLOYMENTS=paused) == "Deployment web is paused."


def test_a_service_is_explained_by_its_selector():
    said = caused("Service/web endpoints", SERVICES=[service(selector={"app": "wbe"})])
    assert said.startswith("The selector app=wbe of Service web matches no pod.")


def test_a_request_is_explained_by_its_diagnosis():
    def gone(objects: Any) -> None:
        objects[r.SERVICES] = []

    found = diagnosed(gone, "http://web:8000/", "dns")
    snapshot = Snapshot.build("default", NOW, world())
    said = likely_cause(snapshot, ["GET http://web:8000/ body"], {"GET http://web:8000/": found})
    assert "has no Service" in said.text
    assert said.command.startswith("%kubectl expose")
