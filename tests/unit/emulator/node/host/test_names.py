from __future__ import annotations

from typing import Any

import pytest

from k8slab.emulator.node.host.applets import names
from k8slab.emulator.node.host.context import NetworkError

RECORDS = {
    ("web.shop.svc.cluster.local", "A"): [("web.shop.svc.cluster.local", "A", "10.96.0.7")],
    ("web.shop.svc.cluster.local", "AAAA"): [],
    ("7.0.96.10.in-addr.arpa", "PTR"): [("7.0.96.10.in-addr.arpa", "PTR", "web.shop.svc.cluster.local")],
    ("ext.shop.svc.cluster.local", "A"): [
        ("ext.shop.svc.cluster.local", "CNAME", "web.shop.svc.cluster.local"), ("web.shop.svc.cluster.local", "A", "10.96.0.7"),
    ],
}  # fmt: skip
SERVER = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"


@pytest.fixture
def box(pod: Any) -> Any:
    async def records(name: str, kind: str) -> Any:
        return RECORDS.get((name, kind))

    pod.network.records = records
    text = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    (pod.root / "etc/resolv.conf").write_text(text)
    return pod


@pytest.mark.parametrize(
    ("command", "text", "code"),
    [
        # As a real busybox of 1.35 answers in a real cluster (the order of answers there is that of their coming).
        ("nslookup web.shop.svc.cluster.local", "Name:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.7\n\n\n", 0),
        ("nslookup -type=a web.shop.svc.cluster.local", "Name:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.7\n\n", 0),
        ("nslookup 10.96.0.7", "7.0.96.10.in-addr.arpa\tname = web.shop.svc.cluster.local\n\n", 0),
        ("nslookup -type=a ext.shop.svc.cluster.local",
         "ext.shop.svc.cluster.local\tcanonical name = web.shop.svc.cluster.local\nName:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.7\n\n", 0),
        ("nslookup -type=a web", (
         "Name:\tweb.shop.svc.cluster.local\nAddress: 10.96.0.7\n\n** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
         "** server can't find web.cluster.local: NXDOMAIN\n\n"), 1),
        ("nslookup nope.shop", "** server can't find nope.shop: NXDOMAIN\n\n** server can't find nope.shop: NXDOMAIN\n\n", 1),
    ],
)  # fmt: skip
async def test_nslookup_speaks_as_busybox(box: Any, command: str, text: str, code: int):
    ran = await box.sh(command)
    assert (ran.out, ran.code) == (SERVER + text, code)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("dig +short web.shop.svc.cluster.local", "10.96.0.7\n"), ("dig +short +search web", "10.96.0.7\n"),
        ("dig +short web", ""), ("dig +short -x 10.96.0.7", "web.shop.svc.cluster.local.\n"),
        ("dig +notcp +noall +answer +search web A", "web.shop.svc.cluster.local.\t\t30\tIN\tA\t10.96.0.7\n"),
    ],
)  # fmt: skip
async def test_dig_gives_what_tests_ask_it_for(box: Any, command: str, text: str):
    box.system = "agnhost"
    assert (await box.sh(command)).out == text


async def test_dig_tells_that_there_is_no_such_name(box: Any):
    box.system = "agnhost"
    assert "status: NXDOMAIN" in (await box.sh("dig nope.example")).out


async def test_a_name_server_that_a_policy_hides_does_not_answer(box: Any, monkeypatch: pytest.MonkeyPatch):
    async def records(name: str, _kind: str) -> Any:
        raise NetworkError("dropped", name)

    monkeypatch.setattr(names, "_PATIENCE", 0.0)
    box.network.records = records
    ran = await box.sh("nslookup web")
    assert (ran.out, ran.code) == (SERVER + ";; connection timed out; no servers could be reached\n\n", 1)
