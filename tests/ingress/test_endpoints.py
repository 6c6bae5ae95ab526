"""Endpoints come and go while requests are served: none is lost, and no reload is needed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any, Self

import pytest

from .conftest import Ingress
from .test_golden import service, workload
from .vectors import send

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.leaves_to_session]
NAMESPACE = "endpoints"


def rule(name: str, host: str, to: str, **annotations: str) -> dict[str, Any]:
    paths = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": to, "port": {"number": 80}}}}]
    noted = {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": noted},
            "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": paths}}]}}  # fmt: skip


class Load:
    """Sends requests one after the other, each on a connection of its own, until it is told to stop."""

    def __init__(self, cluster: Ingress, host: str) -> None:
        self._port, self._host = cluster.port("http"), host
        self._stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.apps: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = send(self._port, {"host": self._host}, NAMESPACE)
            self.statuses[answer.status] += 1
            self.apps[answer.app] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def cluster(ingress: Ingress) -> Ingress:
    ingress.kubectl("create", "namespace", NAMESPACE)
    ingress.apply(NAMESPACE, *workload("web", {"replicas": 3}), *workload("next", {"replicas": 1}),
                  service("alone", "web"), rule("web", "web.test", "web"), rule("alone", "alone.test", "alone"))  # fmt: skip
    for name in ("web", "next"):
        ingress.kubectl("rollout", "status", "-n", NAMESPACE, f"deployment/{name}", "--timeout=30s")
    wait_for(ingress, "web.test", 200)
    return ingress


def status_of(cluster: Ingress, host: str) -> int:
    """Return the status of one request; 0 when nobody answers within two seconds."""
    try:
        return send(cluster.port("http"), {"host": host}, NAMESPACE, timeout=2.0).status
    except TimeoutError:
        return 0


def wait_for(cluster: Ingress, host: str, status: int, seconds: float = 10.0) -> float:
    """Wait until a host answers with a status; return how long that took."""
    began = time.monotonic()
    while status_of(cluster, host) != status:
        assert time.monotonic() - began < seconds, f"{host} does not answer {status}"
        time.sleep(0.01)
    return time.monotonic() - began


def reloads(cluster: Ingress) -> int:
    log = cluster.kubectl("logs", "-n", "ingress-nginx", "deployment/ingress-nginx-controller").stdout
    return log.count("Backend successfully reloaded")


def test_a_rolling_update_loses_no_request(cluster: Ingress):
    before = reloads(cluster)
    with Load(cluster, "web.test") as load:
        cluster.kubectl("rollout", "restart", "-n", NAMESPACE, "deployment/web")
        cluster.kubectl("rollout", "status", "-n", NAMESPACE, "deployment/web", "--timeout=60s")
        cluster.kubectl("wait", "-n", NAMESPACE, "pod", "-l", "app=web", "--for=condition=Ready", "--timeout=30s")
    assert set(load.statuses) == {200}, load.statuses
    assert load.statuses[200] > 20
    assert reloads(cluster) == before


def test_scaling_to_zero_and_back_needs_no_reload(cluster: Ingress):
    before = reloads(cluster)
    cluster.kubectl("scale", "-n", NAMESPACE, "deployment/web", "--replicas=0")
    wait_for(cluster, "web.test", 503)
    cluster.kubectl("scale", "-n", NAMESPACE, "deployment/web", "--replicas=2")
    wait_for(cluster, "web.test", 200)
    assert reloads(cluster) == before


def test_a_canary_flip_under_load_loses_no_request(cluster: Ingress):
    wait_for(cluster, "web.test", 200)
    cluster.apply(NAMESPACE, rule("next", "web.test", "next", canary="true", canary_weight="0"))
    with Load(cluster, "web.test") as load:
        for weight in ("100", "0", "100"):
            annotation = f"nginx.ingress.kubernetes.io/canary-weight={weight}"
            cluster.kubectl("annotate", "-n", NAMESPACE, "ing/next", annotation, "--overwrite")
            time.sleep(0.3)  # some requests of each weight
        deadline = time.monotonic() + 10
        while not load.apps["next"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert set(load.statuses) == {200}, load.statuses
    assert set(load.apps) == {"web", "next"}


def test_pods_see_the_controller_as_their_peer(cluster: Ingress):
    wait_for(cluster, "alone.test", 200)
    found = send(cluster.port("http"), {"host": "alone.test"}, NAMESPACE)
    pods = cluster.kubectl(
        "get", "pods", "-n", "ingress-nginx", "-o", "jsonpath={.items[*].status.podIP}"
    ).stdout.split()
    assert (found.upstream("RemoteAddr") or "").rpartition(":")[0] in pods


def test_a_websocket_is_passed_on(cluster: Ingress):
    upgrade = {"Connection": "Upgrade, close", "Upgrade": "websocket"}
    found = send(cluster.port("http"), {"host": "alone.test", "headers": upgrade, "path": "/data"}, NAMESPACE)
    assert found.upstream("Upgrade") == "websocket"
    assert found.upstream("Connection") == "upgrade"


def test_a_network_policy_closes_the_way_and_opens_it_again(cluster: Ingress):
    wait_for(cluster, "alone.test", 200)
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "nobody"},
              "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}}  # fmt: skip
    cluster.apply(NAMESPACE, policy)
    deadline = time.monotonic() + 5
    while True:  # a dropped packet is not answered at all, nginx would try for 15 s
        if status_of(cluster, "alone.test") == 0:
            break
        assert time.monotonic() < deadline, "the policy does not reach the controller"
    cluster.kubectl("delete", "-n", NAMESPACE, "networkpolicy/nobody")
    wait_for(cluster, "alone.test", 200)
