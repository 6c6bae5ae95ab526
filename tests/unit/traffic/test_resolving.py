from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.errors import ClusterError, CommandError
from k8slab.kube.resources import PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.traffic.resolving import Target, resolve

POD = {
    "metadata": {"name": "c", "namespace": "i", "labels": {"a": "b"}},
    "spec": {
        "containers": [{"image": "ingress-nginx/controller:v1", "ports": [{"containerPort": 80, "hostPort": 80}]}]
    },
}
SERVICE = {
    "metadata": {"name": "c", "namespace": "i"},
    "spec": {"selector": {"a": "b"}, "ports": [{"port": 80, "nodePort": 30880}, {"port": 443, "nodePort": 30443}]},
}


def picture(*pods: Any, services: Any = ()) -> Callable[[], Snapshot]:
    return lambda: Snapshot.build("default", datetime(2026, 1, 1, tzinfo=UTC), {PODS: pods, SERVICES: services})


def unseen() -> Snapshot:
    raise AssertionError("no picture is needed for this")


def reach(port: int) -> tuple[str, int]:
    if port < 1024:
        raise ClusterError("not mapped")
    return ("127.0.0.1", port + 10)


@pytest.mark.parametrize(
    ("host", "port", "target"),
    [
        ("localhost", 30080, Target("127.0.0.1", 30090)),
        ("localhost", 8080, Target("localhost", 8080)),
        ("my-dep", 8000, Target("my-dep", 8000)),
        ("10.96.0.1", 443, Target("10.96.0.1", 443)),
    ],
)
def test_most_addresses_stay_as_they_are(host: str, port: int, target: Target):
    assert resolve("http", host, port, unseen, reach) == target


def test_a_lesson_domain_goes_to_the_first_door_that_is_reached():
    found = resolve("http", "hello.example.test", 80, picture(POD, services=[SERVICE]), reach)
    assert (found.host, found.port) == ("127.0.0.1", 30890)
    assert "resolved to 127.0.0.1:30890" in found.note
    assert resolve("https", "hello.example.test", 443, picture(POD, services=[SERVICE]), reach).port == 30453


def test_a_port_of_the_door_is_known_with_a_name_too():
    assert resolve("http", "hello.example.test", 30880, picture(POD, services=[SERVICE]), reach).port == 30890


@pytest.mark.parametrize(("pods", "said"), [((), "no ingress controller runs"), ((POD,), "no port that this machine")])
def test_without_a_way_in_the_next_step_is_told(pods: Any, said: str):
    with pytest.raises(CommandError, match=said) as caught:
        resolve("http", "hello.example.test", 80, picture(*pods), reach)
    assert caught.value.action
