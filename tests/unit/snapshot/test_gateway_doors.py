"""Hosts of HTTPRoutes lead to the Service of their Gateway."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.kube.gateway import GATEWAY_NAME, HTTP_ROUTES
from k8slab.kube.resources import INGRESSES, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.traffic.resolving import gateway_entry, resolve


def picture(*hosts: str, ingress: str = "") -> Snapshot:
    service = {
        "metadata": {"name": "gateway-web", "namespace": "g", "labels": {GATEWAY_NAME: "web"}},
        "spec": {"ports": [{"port": 80, "appProtocol": "http", "nodePort": 30881}]},
    }
    other = {"metadata": {"name": "o", "namespace": "g", "labels": {GATEWAY_NAME: "o"}}, "spec": service["spec"]}
    route = {
        "metadata": {"name": "r", "namespace": "d"},
        "spec": {"hostnames": list(hosts), "parentRefs": [{"name": "web"}]},
    }
    found: list[dict[str, Any]] = []
    if ingress:
        found.append({"metadata": {"name": "i", "namespace": "d"}, "spec": {"rules": [{"host": ingress}]}})
    objects: dict[Any, Any] = {SERVICES: [service, other], HTTP_ROUTES: [route], INGRESSES: found}
    return Snapshot.build("d", datetime.now(UTC), objects)


def reach(port: int) -> tuple[str, int]:
    return "127.0.0.1", port


@pytest.mark.parametrize(
    ("hosts", "host", "wanted"),
    [
        (("a.test",), "a.test", 30881),
        (("*.a.test",), "x.y.a.test", 30881),
        (("*.a.test",), "a.test", None),
        ((), "a.test", None),
    ],
)
def test_a_host_leads_to_its_gateway(hosts: tuple[str, ...], host: str, wanted: int | None):
    found = gateway_entry(picture(*hosts), "http", host, reach)
    assert (found[1] if found else None) == wanted


def test_a_gateway_without_tls_is_no_door_for_https():
    assert gateway_entry(picture("a.test"), "https", "a.test", reach) is None


def test_an_ingress_keeps_its_host():
    assert gateway_entry(picture("a.test", ingress="a.test"), "http", "a.test", reach) is None


def test_a_url_is_resolved_to_the_gateway():
    target = resolve("http", "a.test", 80, lambda: picture("a.test"), reach)
    assert (target.port, "a Gateway's" in target.note) == (30881, True)
