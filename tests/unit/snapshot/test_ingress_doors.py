from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.kube.resources import INGRESSES, PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import Door, doors, ingresses_for, is_lesson_domain

IMAGE = "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594c"


def controller(image: str = IMAGE, host_ports: bool = True) -> dict[str, Any]:
    ports = [{"name": "http", "containerPort": 80}, {"name": "https", "containerPort": 443}]
    if host_ports:
        ports = [{**port, "hostPort": port["containerPort"]} for port in ports]
    return {
        "metadata": {"name": "controller", "namespace": "ingress-nginx", "labels": {"app": "c"}},
        "spec": {"containers": [{"name": "controller", "image": image, "ports": ports}]},
    }


SERVICE = {
    "metadata": {"name": "controller", "namespace": "ingress-nginx"},
    "spec": {
        "type": "NodePort",
        "selector": {"app": "c"},
        "ports": [
            {"name": "http", "port": 80, "nodePort": 30880},
            {"name": "https", "port": 443, "nodePort": 30443},
        ],
    },
}


def ingress(name: str, host: str, created: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    meta = {"name": name, "namespace": "default", "creationTimestamp": created}
    return {"metadata": meta, "spec": {"rules": [{"host": host}]}}


def picture(*ingresses: Any, pods: Any = (), services: Any = ()) -> Snapshot:
    found = {PODS: pods, SERVICES: services, INGRESSES: ingresses}
    return Snapshot.build("default", datetime(2026, 1, 1, tzinfo=UTC), found)


def test_host_ports_come_before_node_ports():
    found = doors(picture(pods=[controller()], services=[SERVICE]), "https")
    assert found == (
        Door("https", 443, "hostPort", "ingress-nginx/controller"),
        Door("https", 30443, "nodePort", "ingress-nginx/controller"),
    )


@pytest.mark.parametrize("image", ["nginx:1.27", "example/ingress-nginx/controller-x"])
def test_other_images_are_no_controllers(image: str):
    assert doors(picture(pods=[controller(image)], services=[SERVICE]), "http") == ()


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("hello.lab", ["old", "new"]),
        ("HELLO.lab.", ["old", "new"]),
        ("a.wild.lab", ["wild"]),
        ("a.b.wild.lab", []),
        ("wild.lab", []),
        ("other.lab", []),
    ],
)
def test_ingresses_of_a_host(host: str, names: list[str]):
    shown = picture(
        ingress("new", "hello.lab", "2026-01-02T00:00:00Z"), ingress("old", "hello.lab"), ingress("wild", "*.wild.lab")
    )
    assert [found["metadata"]["name"] for found in ingresses_for(shown, host)] == names


def test_reserved_endings_are_lesson_domains():
    assert is_lesson_domain(picture(), "typo.example.test")
    assert is_lesson_domain(picture(ingress("x", "shop.local")), "shop.local")
    assert not is_lesson_domain(picture(), "kubernetes.io")
    assert not is_lesson_domain(picture(), "mytest")
