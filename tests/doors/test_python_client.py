from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

Kubectl = Any
# The client leaves its socket to the garbage collector once the server has closed the session.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def core(kubectl: Kubectl) -> Iterator[Any]:
    from kubernetes import client, config

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = config.new_client_from_config(kubectl.kubeconfig)
    yield client.CoreV1Api(made)
    made.close()


def test_stream_runs_a_command(core: Any) -> None:
    from kubernetes.stream import stream

    words = ["sh", "-c", "echo out; echo err >&2; exit 4"]
    session = stream(
        core.connect_get_namespaced_pod_exec, "two", "default", container="side", command=words,
        stdout=True, stderr=True, stdin=False, tty=False, _preload_content=False,
    )  # fmt: skip
    session.run_forever(timeout=10)
    assert session.read_stdout() == "out\n"
    assert session.read_stderr() == "err\n"
    assert session.returncode == 4
    session.close()


def test_stream_talks_to_a_command(core: Any) -> None:
    from kubernetes.stream import stream

    session = stream(
        core.connect_get_namespaced_pod_exec, "two", "default", container="side", command=["sh"],
        stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False,
    )  # fmt: skip
    session.write_stdin("echo $((6 * 7))\n")
    assert session.readline_stdout(timeout=10) == "42"
    session.write_stdin("exit 3\n")
    session.run_forever(timeout=10)
    assert session.returncode == 3
    session.close()


def test_port_forward(core: Any) -> None:
    from kubernetes.stream import portforward

    forward = portforward(core.connect_get_namespaced_pod_portforward, "who", "default", ports="80")
    connection = forward.socket(80)
    connection.setblocking(True)
    connection.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
    connection.close()
    assert b"GET /hello HTTP/1.1\n" in answer
    assert forward.error(80) is None
