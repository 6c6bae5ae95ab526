from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Kubectl = Any


@pytest.fixture(params=["websocket", "spdy"])
def client(kubectl: Kubectl, request: pytest.FixtureRequest) -> Kubectl:
    return kubectl.with_environment(KUBECTL_PORT_FORWARD_WEBSOCKETS=str(request.param == "websocket").lower())


@contextmanager
def forwarding(client: Kubectl, what: str, port: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run port-forward to a port of its own choice; give its URL."""
    process = subprocess.Popen(
        [client.program, "port-forward", what, f":{port}"],
        env=client.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        found = re.search(r"127\.0\.0\.1:(\d+) ->", process.stdout.readline())
        assert found, process.stderr.read()
        yield f"http://127.0.0.1:{found[1]}/", process
    finally:
        process.terminate()
        process.communicate(timeout=5)


@pytest.mark.parametrize(("what", "port"), [("pod/who", 80), ("service/who", 8000)])
def test_requests_arrive(client: Kubectl, what: str, port: int) -> None:
    with forwarding(client, what, port) as (url, _):
        for _ in range(3):
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                text = answer.read().decode()
            assert "Hostname: who\n" in text
            assert "RemoteAddr: 127.0.0.1:" in text


def test_nobody_listens(client: Kubectl) -> None:
    with forwarding(client, "pod/two", 81) as (url, process):
        with pytest.raises(OSError):  # noqa: PT011 - whatever word the client's library has for it
            urllib.request.urlopen(url, timeout=5)  # noqa: S310
        assert process.wait(timeout=10) == 1
        assert process.stderr is not None
        said = process.stderr.read()
    assert "error forwarding port 81 to pod " in said
    refused = "IPv4: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection"
    assert refused in said
    assert said.endswith("error: lost connection to pod\n")


def test_a_pod_that_does_not_run(client: Kubectl) -> None:
    done = client("port-forward", "pod/pend", ":80")
    assert done.stderr == "error: unable to forward port because pod is not running. Current status=Pending\n"
