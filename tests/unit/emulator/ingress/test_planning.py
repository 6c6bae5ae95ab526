"""Which upstreams a model needs, and what njs is told."""

from __future__ import annotations

import json
import time
from typing import Any

from k8slab.emulator.ingress.planning import plan, policies, remote_backends
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.render import render
from k8slab.routing.building import build_model
from k8slab.routing.classes import Classes
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Model

PREFIX = "nginx.ingress.kubernetes.io/"


def ingress(name: str, host: str, *services: str, age: int = 0, **annotations: str) -> dict[str, Any]:
    paths = [{"path": "/" if not number else f"/p{number}", "pathType": "Prefix",
              "backend": {"service": {"name": service, "port": {"number": 80}}}}
             for number, service in enumerate(services)]  # fmt: skip
    meta = {"name": name, "namespace": "n", "uid": name, "creationTimestamp": f"2026-01-01T00:{age:02}:00Z",
            "annotations": {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()}}  # fmt: skip
    return {
        "metadata": meta,
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": paths}}]},
    }


def model(*ingresses: dict[str, Any]) -> Model:
    return build_model(ingresses, Classes(frozenset({"nginx"})))


def test_plain_services_need_no_script():
    planned = plan(model(ingress("a", "a.test", "web")), Configuration(), frozenset())
    assert [(name, upstream.chosen) for name, (_, upstream) in planned.items()] == [("n-web-80", False)]
    assert policies(model(ingress("a", "a.test", "web")), Configuration(), planned, "/s") == "{}"


def test_a_canary_is_told_to_the_script_with_its_policy():
    found = model(ingress("a", "a.test", "web"),
                  ingress("b", "a.test", "next", age=1, canary="true", canary_weight="20", canary_by_header="X-C"))  # fmt: skip
    planned = plan(found, Configuration(), frozenset())
    told = json.loads(policies(found, Configuration(), planned, "/s"))
    assert told["n-web-80"]["alternative"] == "n-next-80"
    assert (told["n-next-80"]["canary"]["weight"], told["n-next-80"]["canary"]["header"]) == (20, "X-C")


def test_tls_backends_go_through_the_network_beside_the_plain_way():
    found = model(ingress("a", "a.test", "web"), ingress("b", "b.test", "web", age=1, backend_protocol="HTTPS"))
    planned = plan(found, Configuration(), frozenset())
    assert {name: upstream.forwarded for name, (_, upstream) in planned.items()} == {
        "n-web-80": False,
        "n-web-80~f": True,
    }


def test_what_stands_in_for_a_remote_service_is_remote_too():
    found = model(
        ingress("a", "a.test", "web"), ingress("b", "a.test", "next", age=1, canary="true", canary_weight="1")
    )
    assert remote_backends(found, lambda backend: backend.service == "next") == {"n-web-80", "n-next-80"}


def test_sessions_pin_requests_to_slots():
    found = model(ingress("a", "a.test", "web", affinity="cookie"))
    planned = plan(found, Configuration(), frozenset())
    assert planned["n-web-80"][1].pinned
    told = json.loads(policies(found, Configuration(), planned, "/s"))
    assert told["n-web-80"]["affinity"]["paths"] == [["a.test", "/"]]


def test_five_hundred_ingresses_with_two_thousand_paths_take_less_than_a_second():
    many = [ingress(f"i{number}", f"h{number}.test", *(f"s{number}-{path}" for path in range(4)), age=number % 60,
                    **({"rewrite_target": "/x"} if number % 3 else {"limit_rps": "5"})) for number in range(500)]  # fmt: skip
    began = time.process_time()
    found = model(*many)
    planned = plan(found, Configuration(), frozenset())
    files = Files("/s", "10.244.0.2", {80: "/80", 443: "/443", 10254: "/h"},
                  {name: upstream for name, (_, upstream) in planned.items()})  # fmt: skip
    text = render(found, Configuration(), files)
    assert time.process_time() - began < 1.0
    assert text.count("server_name ") == 501
    assert len(planned) == 2000
