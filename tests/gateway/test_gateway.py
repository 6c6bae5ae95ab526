"""Real requests through a Gateway of the embedded cluster: what the pure tests cannot see, nginx and njs."""

# ruff: noqa: N802 - tests bear the names of the conformance suite

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.installs import install
from k8slab.lessons.runner import own_home
from tests.unit.routing.gateway.test_paths import ROWS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.leaves_to_session]
APPS, ROUTES = (Path(__file__).with_name(name) for name in ("apps.yaml", "routes.yaml"))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def backend(self) -> str:
        found = re.search(r"^Hostname: (\w+)-", self.body, re.MULTILINE)
        return found[1] if found else ""


@dataclass(frozen=True)
class Gateway:
    """The cluster with the controller, as a test uses it."""

    provider: EmbeddedProvider

    def run(self, words: list[str], limit: float = 60.0, stdin: str = "") -> str:
        environment = {**os.environ, "KUBECONFIG": str(self.provider.kubeconfig())}
        done = subprocess.run(
            [find_kubectl(), *words], input=stdin, capture_output=True, text=True, env=environment, check=False,
            timeout=limit,
        )  # fmt: skip
        assert done.returncode == 0, f"kubectl {' '.join(words)}\n{done.stderr}"
        return done.stdout

    def apply(self, text: str) -> None:
        self.run(["apply", "-f", "-"], stdin=text)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(["get", kind, name, "-o", "json"]))
        return found

    def send(self, host: str, path: str, *words: str, node_port: int = 30881) -> Answer:
        port = self.provider.reach(node_port).port
        scheme, outer = ("http", 80) if node_port != 30444 else ("https", 443)
        target = f"{host}:{outer}:127.0.0.1:{port}"
        done = subprocess.run(
            ["curl", "-sik", "--path-as-is", "--http1.1", "--max-time", "5", "--connect-to", target, *words, f"{scheme}://{host}{path}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        if not head:
            return Answer(0, {}, done.stderr)
        pairs = (line.partition(": ")[::2] for line in head.splitlines()[1:])
        return Answer(int(head.split()[1]), {name.lower(): value for name, value in pairs}, body)

    def eventually(self, test: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not test():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def lab() -> Iterator[Gateway]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        try:
            made = Gateway(provider)
            install("gateway", made, silent_text)  # type: ignore[arg-type]  # it only runs kubectl
            made.apply(APPS.read_text() + "---\n" + ROUTES.read_text() + prefixes())
            for name in ("v1", "v2"):
                made.run(["rollout", "status", f"deployment/{name}", "--timeout=30s"])
            made.run(["wait", "gateway/web", "--for=condition=Programmed", "--timeout=15s"])
            yield made
        finally:
            provider.delete(silent)


def prefixes() -> str:
    """Return a route for each row of the specification's table."""
    made = [
        {
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": f"t{number}"},
            "spec": {"parentRefs": [{"name": "web"}], "hostnames": [f"t{number}.test"], "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": prefix}}],
                "filters": [{"type": "URLRewrite", "urlRewrite": {
                    "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement}}}],
                "backendRefs": [{"name": "v1", "port": 80}],
            }]},
        }
        for number, (_, prefix, replacement, _) in enumerate(ROWS)
    ]  # fmt: skip
    return "---\n" + yaml.safe_dump_all(made)


def silent_text(_text: str) -> None:
    """Tell nothing."""


def test_its_address_is_that_of_its_service(lab: Gateway):
    status = lab.get("gateway", "web")["status"]
    service = json.loads(lab.run(["get", "service", "-n", "k8slab-gateway", "-o", "json"]))["items"][0]
    assert status["addresses"] == [{"type": "IPAddress", "value": service["spec"]["clusterIP"]}]
    assert {port["nodePort"] for port in service["spec"]["ports"]} == {30881, 30444}


def test_prefixes_are_replaced_as_the_specification_shows(lab: Gateway):
    for number, (path, _, _, wanted) in enumerate(ROWS):
        lab.eventually(lambda host=f"t{number}.test", path=path: lab.send(host, path).status == 200, path)  # type: ignore[misc]
        assert f"GET {wanted} HTTP" in lab.send(f"t{number}.test", path).body


def test_headers_are_set_added_and_removed(lab: Gateway):
    lab.eventually(lambda: lab.send("headers.test", "/").status == 200, "served")
    found = lab.send("headers.test", "/x?a=1", "-H", "X-Add: one", "-H", "X-Gone: 1", "-H", "X-Set: old")
    assert 'X-Set: $host "q" \\ ;' in found.body
    assert "X-Add: one,two" in found.body
    assert "X-Add: two\n" in lab.send("headers.test", "/").body
    assert "X-Gone" not in found.body
    assert "Host: inner.test" in found.body
    assert (found.headers["x-seen"], "content-type" in found.headers) == ("a$1;", False)


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/1/b?q=1", 302, "http://example.org/1/b?q=1"),
        ("/2/b?q=1", 301, "https://moved.test/2/b?q=1"),
        ("/3/b", 303, "http://moved.test:8080/3/b"),
        ("/4/b?q=1", 307, "http://moved.test/new?q=1"),
        ("/5/b", 308, "https://moved.test/x/b"),
    ],
)
def test_HTTPRouteRedirectHostAndStatus(lab: Gateway, path: str, status: int, location: str):
    lab.eventually(lambda: lab.send("moved.test", path).headers.get("location") == location, location)
    assert lab.send("moved.test", path).status == status


def test_weights_headers_queries_and_methods_choose(lab: Gateway):
    lab.eventually(lambda: lab.send("choose.test", "/").status == 200, "served")
    counted = Counter(lab.send("choose.test", "/").backend for _ in range(100))
    # 100 tries with probability 0.1: outside 1..25 once in ten thousand runs
    assert set(counted) == {"v1", "v2"}
    assert 1 <= counted["v2"] <= 25
    for words in (("/", "-H", "version: two"), ("/?v=2",), ("/", "-X", "PUT"), ("/n/12",)):
        assert {lab.send("choose.test", *words).backend for _ in range(5)} == {"v2"}, words


def test_a_backend_that_cannot_be_reached_answers_500_and_one_without_pods_503(lab: Gateway):
    lab.eventually(lambda: lab.send("broken.test", "/missing").status == 500, "500")
    assert lab.send("broken.test", "/empty").status == 503
    assert lab.send("broken.test", "/other").status == 404
    assert {lab.send("broken.test", "/both").status for _ in range(30)} == {200, 500}


def test_copies_go_to_the_mirror(lab: Gateway):
    lab.eventually(lambda: lab.send("mirror.test", "/copy/me?x=1").backend == "v1", "served")
    lab.eventually(lambda: "GET /copy/me?x=1" in lab.run(["logs", "deployment/pages"]), "the copy arrives")


def test_a_listener_with_a_certificate_serves_it(lab: Gateway):
    lab.eventually(lambda: lab.send("tls.test", "/", node_port=30444).backend == "v2", "TLS is served")
    assert lab.send("other.test", "/", node_port=30444).status == 0
    assert lab.send("tls.test", "/").status == 404


def test_HTTPRouteServiceTypes_headless_and_scaling_need_no_reload(lab: Gateway):
    lab.eventually(lambda: lab.send("headless.test", "/").backend == "v1", "v1 answers")
    reloads = lab.run(["logs", "-n", "k8slab-gateway", "deployment/gateway-controller"]).count("SIGHUP")
    lab.run(["scale", "deployment/v1", "--replicas=0"])
    lab.eventually(lambda: lab.send("headless.test", "/").status == 503, "no endpoint")
    lab.run(["scale", "deployment/v1", "--replicas=1"])
    lab.eventually(lambda: lab.send("headless.test", "/").status == 200, "an endpoint again")
    log = lab.run(["logs", "-n", "k8slab-gateway", "deployment/gateway-controller"])
    assert log.count("SIGHUP") == reloads


def test_a_second_gateway_has_its_own_door(lab: Gateway):
    lab.apply("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: second}
spec: {gatewayClassName: k8slab, listeners: [{name: http, port: 80, protocol: HTTP}]}
""")
    lab.run(["wait", "gateway/second", "--for=condition=Programmed", "--timeout=15s"])
    found = json.loads(lab.run(["get", "service", "-n", "k8slab-gateway", "-o", "json"]))["items"]
    ports = {
        entry["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"]: entry["spec"]["ports"] for entry in found
    }
    assert ports["second"][0]["nodePort"] != 30881
    assert lab.send("choose.test", "/", node_port=ports["second"][0]["nodePort"]).status == 404
    lab.run(["delete", "gateway", "second"])
    lab.eventually(
        lambda: len(json.loads(lab.run(["get", "service", "-n", "k8slab-gateway", "-o", "json"]))["items"]) == 1,
        "its Service goes",
    )
