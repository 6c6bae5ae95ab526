"""Breaks a working lab in every way of ``cases`` and expects the diagnosis to name that cause first."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.diagnose import Diagnosis
from k8slab.kube.objects import dig
from k8slab.kube.resources import SERVICES
from k8slab.lessons.runner import own_home
from k8slab.session import LabSession
from k8slab.traffic.explaining import explain, request_of
from k8slab.traffic.observe import observe

from .cases import CASES, Case

ROOT = Path(__file__).parents[2]
SECONDS = 25.0

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(90), pytest.mark.leaves_to_session]

LAB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: nginx, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 8000, targetPort: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules: [{host: NS.example.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 8000}}}}]}}]
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[LabSession]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        session = LabSession(silent, provider)
        kubectl = session.require()
        kubectl.run(["apply", "-f", str(ROOT / "lessons/04-ingress-nginx/manifests/ingress-nginx.yaml")])
        waiting = ["rollout", "status", "-n", "ingress-nginx", "deployment/ingress-nginx-controller", "--timeout=60s"]
        kubectl.run(waiting, 70)
        # Broken Ingresses are wanted here: nothing refuses them.
        kubectl.run(["delete", "validatingwebhookconfiguration", "ingress-nginx-admission"])
        yield session
        session.close()
        provider.delete(silent)


def filled(value: Any, namespace: str) -> Any:
    return json.loads(json.dumps(value).replace("NS", namespace))


def prepare(lab: LabSession, namespace: str) -> None:
    kubectl = lab.require()
    kubectl.run(["create", "namespace", namespace])
    kubectl.run(["apply", "-n", namespace, "-f", "-"], stdin=LAB.replace("NS", namespace))
    kubectl.run(["rollout", "status", "-n", namespace, "deployment/web", "--timeout=30s"], 40)


def broken(lab: LabSession, case: Case, namespace: str) -> None:
    kubectl = lab.require()
    if case.apply:
        kubectl.run(["apply", "-n", namespace, "-f", "-"], stdin=case.apply.replace("NS", namespace))
    for what, patch in case.patches.items():
        text = json.dumps(filled(patch, namespace))
        kubectl.run(["patch", "-n", namespace, *what.split(), "--type=merge", "-p", text])
    for command in case.run:
        words = command.replace("NS", namespace).split()
        kubectl.run(words if "-n" in words else [*words, "-n", namespace])


def settled(lab: LabSession, case: Case, namespace: str) -> Diagnosis:
    """Return the diagnosis as soon as it names the cause, the last one when time is up."""
    url = case.url.replace("NS", namespace)
    if "CLUSTERIP" in url:
        service = lab.full_snapshot(namespace).get(SERVICES, "web", namespace)
        url = url.replace("CLUSTERIP", dig(service, "spec", "clusterIP"))
    until = time.monotonic() + SECONDS
    while True:
        for _ in range(case.before):
            observe(request_of(url, case.source, namespace, lab.full_snapshot(namespace)), lab)
        found = explain(lab, url, case.source, namespace, **case.sent)
        if found.cause == case.cause or time.monotonic() > until:
            return found
        time.sleep(0.3)  # the cluster is still on its way to the broken state


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_first_broken_hop_is_named(lab: LabSession, case: Case):
    namespace = f"t{CASES.index(case)}"
    prepare(lab, namespace)
    broken(lab, case, namespace)
    found = settled(lab, case, namespace)
    lab.require().run(["delete", "namespace", namespace, "--wait=false"])
    assert found.cause == case.cause, str(found)
    assert found.first is not None
    assert found.first.text
    assert found.first.command or found.cause == "path-malformed"
    assert found.as_dict()["cause"] == case.cause
    assert case.cause in found._repr_html_()


def test_a_working_lab_has_nothing_broken(lab: LabSession):
    prepare(lab, "fine")
    for url in ("http://web:8000/", "http://fine.example.test/", "http://web.fine.svc.cluster.local:8000/"):
        found = explain(lab, url, "", "fine")
        assert found.first is None, str(found)
        assert found.evidence.symptom == "ok"
        assert all(hop.state == "ok" for hop in found.hops)
