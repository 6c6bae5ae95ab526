from __future__ import annotations

import re
import subprocess
import urllib.request
from typing import Any

import pytest

Kubectl = Any
PODS, SERVICES = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/services"


@pytest.mark.parametrize("name", [f"{PODS}/who", f"{PODS}/http:who:80", f"{SERVICES}/who:8000", f"{SERVICES}/who"])
def test_requests_go_on(kubectl: Kubectl, name: str) -> None:
    shown = kubectl("get", "--raw", f"{name}/proxy/some/path?a=b").stdout
    assert "Hostname: who\n" in shown
    assert "GET /some/path?a=b HTTP/1.1\n" in shown
    assert f"X-Forwarded-Uri: {name}/proxy/some/path\n" in shown
    assert "Authorization" not in shown


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            f"{PODS}/two:81/proxy/",
            r"error trying to reach service: dial tcp 10\.244\.0\.\d+:81: connect: connection refused",
        ),
        (
            f"{PODS}/https:two:80/proxy/",
            "error trying to reach service: tls: first record does not look like a TLS handshake",
        ),
        (f"{PODS}/pend/proxy/", "address not allowed"),
        (f"{PODS}/nope/proxy/", 'pods "nope" not found'),
        (f"{SERVICES}/who:81/proxy/", 'no service port 81 found for service "who"'),
        (f"{SERVICES}/who:http/proxy/", 'no endpoints available for service "who:http"'),
    ],
)
def test_errors(kubectl: Kubectl, path: str, message: str) -> None:
    done = kubectl("get", "--raw", path)
    assert done.returncode == 1
    assert re.search(message, done.stderr), done.stderr


def test_the_node_answers(kubectl: Kubectl) -> None:
    node = kubectl("get", "nodes", "-o", "name").stdout.strip().partition("/")[2]
    assert kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/healthz").stdout == "ok"
    shown = kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/containerLogs/default/two/side?tailLines=1").stdout
    assert shown == "tick\n"


def test_kubectl_proxy(kubectl: Kubectl) -> None:
    process = subprocess.Popen(
        [kubectl.program, "proxy", "--port=0"], env=kubectl.environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found
        url = f"http://127.0.0.1:{found[1]}{PODS}/who/proxy"
        request = urllib.request.Request(url, data=b"x" * 3000, method="POST")
        with urllib.request.urlopen(f"{url}/", timeout=5) as answer:  # noqa: S310
            assert "Hostname: who\n" in answer.read().decode()
        request.full_url = f"{url}/posted"
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            text = answer.read().decode()
        assert "POST /posted HTTP/1.1\n" in text
        assert "Content-Length: 3000\n" in text
    finally:
        process.terminate()
        process.communicate(timeout=5)
