from __future__ import annotations

from typing import Any

import pytest

from k8slab.emulator.apiserver.proxying.links import rewritten, rewritten_page
from k8slab.emulator.apiserver.proxying.locations import Asked, Location, asked_of, pod_location, service_location
from k8slab.kube.status import ApiError

Obj = dict[str, Any]
PREFIX = "/api/v1/namespaces/n/services/web/proxy"
HOSTS = ("10.244.0.5:80", "127.0.0.1:8001")


@pytest.mark.parametrize(
    ("text", "asked"),
    [("web", Asked("", "web", "")), ("web:80", Asked("", "web", "80")), ("https:web:", Asked("https", "web", ""))],
)
def test_names_in_the_url(text: str, asked: Asked) -> None:
    assert asked_of(text, "service") == asked


@pytest.mark.parametrize("text", ["ftp:web:80", ":80", "a:b:c:d"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(ApiError, match="invalid service request"):
        asked_of(text, "service")


def pod(address: str = "10.244.0.5", port: int = 0) -> Obj:
    ports = [{"containerPort": port}] if port else []
    return {"spec": {"containers": [{"name": "a"}, {"name": "b", "ports": ports}]}, "status": {"podIP": address}}


@pytest.mark.parametrize(
    ("asked", "declared", "location"),
    [
        (Asked("", "p", ""), 0, Location("10.244.0.5", 80, False)),
        (Asked("https", "p", ""), 0, Location("10.244.0.5", 443, True)),
        (Asked("", "p", ""), 8080, Location("10.244.0.5", 8080, False)),
        (Asked("", "p", "81"), 8080, Location("10.244.0.5", 81, False)),
    ],
)
def test_where_a_pod_answers(asked: Asked, declared: int, location: Location) -> None:
    assert pod_location(pod(port=declared), asked) == location


@pytest.mark.parametrize(
    ("address", "port", "message"),
    [
        ("", "80", "address not allowed"),
        ("1.2.3.4", "99999", "address 99999: invalid port"),
        ("1.2.3.4", "x", "unknown port"),
    ],
)
def test_where_no_pod_answers(address: str, port: str, message: str) -> None:
    with pytest.raises(ApiError, match=message):
        pod_location(pod(address), Asked("", "p", port))


SERVICE = {"spec": {"ports": [{"name": "http", "port": 8000}, {"name": "admin", "port": 9000}]}}
ENDPOINTS = {
    "subsets": [
        {
            "addresses": [{"ip": "10.0.0.1", "targetRef": {}}, {"ip": "10.0.0.2", "targetRef": {"name": "p"}}],
            "ports": [{"name": "http", "port": 80}],
        }
    ]
}


@pytest.mark.parametrize("port", ["8000", "http"])
def test_where_a_service_answers(port: str) -> None:
    found = service_location(SERVICE, ENDPOINTS, Asked("", "web", port), f"web:{port}", lambda size: size - 1)
    assert found == Location("10.0.0.2", 80, False)


@pytest.mark.parametrize(
    ("port", "endpoints", "message"),
    [
        ("81", ENDPOINTS, 'no service port 81 found for service "web"'),
        ("9000", ENDPOINTS, 'no endpoints available for service "web:x"'),
        ("", ENDPOINTS, 'no endpoints available for service "web:x"'),
        ("http", {}, 'no endpoints available for service "web"'),
        ("http", None, 'no endpoints available for service "web"'),
    ],
)
def test_where_no_service_answers(port: str, endpoints: Obj | None, message: str) -> None:
    with pytest.raises(ApiError, match=message):
        service_location(SERVICE, endpoints, Asked("", "web", port), "web:x", lambda _size: 0)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/a/b?x=1", f"{PREFIX}/a/b?x=1"),
        ("a.css", "a.css"),
        ("#top", "#top"),
        ("http://nginx.org/x", "http://nginx.org/x"),
        ("http://10.244.0.5:80/x/", f"{PREFIX}/x/"),
        ("http://127.0.0.1:8001/x", f"http://127.0.0.1:8001{PREFIX}/x"),
        (f"{PREFIX}/a", f"{PREFIX}/a"),
    ],
)
def test_links(url: str, expected: str) -> None:
    assert rewritten(url, PREFIX, HOSTS) == expected


def test_links_of_a_page() -> None:
    page = '<a title="/t" href="/x">/y</a> <img alt=\'/z\' src=\'/i.png\'><form action="/f">'
    shown = rewritten_page(page, PREFIX, HOSTS)
    assert shown == (
        f'<a title="/t" href="{PREFIX}/x">/y</a> <img alt=\'/z\' src=\'{PREFIX}/i.png\'><form action="{PREFIX}/f">'
    )
