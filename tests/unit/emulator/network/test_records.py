from __future__ import annotations

from typing import Any

import pytest

from k8slab.emulator.network.records import Record, answer

Obj = dict[str, Any]
ZONE = "shop.svc.cluster.local"


def service(name: str, address: str, **spec: Any) -> Obj:
    ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"clusterIP": address, "ports": ports, **spec}}


class View:
    def __init__(self) -> None:
        self.all = [
            service("web", "10.96.0.7"), service("headless", "None"), service("early", "None", publishNotReadyAddresses=True),
            service("ext", "", type="ExternalName", externalName="web.shop.svc.cluster.local"),
        ]  # fmt: skip
        self.endpoints = [
            {"addresses": ["10.244.0.5"], "hostname": "web-0", "conditions": {"ready": True}},
            {"addresses": ["10.244.0.6"], "conditions": {"ready": True}},
            {"addresses": ["10.244.0.9"], "conditions": {"ready": False}},
        ]

    def services(self) -> list[Obj]:
        return self.all

    def service(self, namespace: str, name: str) -> Obj | None:
        return next((e for e in self.all if e["metadata"]["name"] == name and namespace == "shop"), None)

    def slices(self, found: Obj) -> list[Obj]:
        return (
            []
            if found["metadata"]["name"] == "ext"
            else [{"ports": [{"name": "http", "port": 8080}], "endpoints": self.endpoints}]
        )


def data(name: str, kind: str = "A") -> list[str] | None:
    found = answer(View(), name, kind)
    return None if found is None else [entry.data for entry in found]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        (f"web.{ZONE}", "A", ["10.96.0.7"]),
        (f"web.{ZONE}", "AAAA", []),
        (f"nope.{ZONE}", "A", None),
        ("web.other.svc.cluster.local", "A", None),
        (f"headless.{ZONE}", "A", ["10.244.0.5", "10.244.0.6"]),
        (f"early.{ZONE}", "A", ["10.244.0.5", "10.244.0.6", "10.244.0.9"]),
        (f"web-0.headless.{ZONE}", "A", ["10.244.0.5"]),
        (f"10-244-0-6.headless.{ZONE}", "A", ["10.244.0.6"]),
        (f"10-244-0-9.headless.{ZONE}", "A", None),
        (f"web-1.headless.{ZONE}", "A", None),
        ("10-244-0-5.shop.pod.cluster.local", "A", ["10.244.0.5"]),
        (f"_http._tcp.web.{ZONE}", "SRV", [f"0 100 80 web.{ZONE}"]),
        (f"_http._tcp.headless.{ZONE}", "SRV", [f"0 50 8080 web-0.headless.{ZONE}", f"0 50 8080 10-244-0-6.headless.{ZONE}"]),
        (f"_http._udp.web.{ZONE}", "SRV", None),
        (f"_nope._tcp.web.{ZONE}", "SRV", None),
        ("7.0.96.10.in-addr.arpa", "PTR", [f"web.{ZONE}"]),
        ("99.0.96.10.in-addr.arpa", "PTR", None),
        ("example.com", "A", None),
    ],
)  # fmt: skip
def test_names_have_their_records(name: str, kind: str, expected: list[str] | None):
    assert data(name, kind) == expected


def test_an_external_name_is_an_alias():
    assert answer(View(), f"ext.{ZONE}", "A") == [
        Record(f"ext.{ZONE}", "CNAME", f"web.{ZONE}"), Record(f"web.{ZONE}", "A", "10.96.0.7"),
    ]  # fmt: skip


def test_a_pod_is_found_by_its_address_below_each_of_its_services():
    found = data("5.0.244.10.in-addr.arpa", "PTR")
    assert found is not None
    assert f"web-0.headless.{ZONE}" in found
