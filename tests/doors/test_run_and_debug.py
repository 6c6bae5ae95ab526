from __future__ import annotations

from typing import Any

import pytest

Kubectl = Any
ONCE = ("--rm", "-i", "--restart=Never", "--image=busybox")


@pytest.fixture(params=["websocket", "spdy"])
def client(kubectl: Kubectl, request: pytest.FixtureRequest) -> Kubectl:
    return kubectl.with_environment(KUBECTL_REMOTE_COMMAND_WEBSOCKETS=str(request.param == "websocket").lower())


def test_output_comes_once(client: Kubectl) -> None:
    done = client("run", "one", *ONCE, "--", "echo", "hello world")
    assert done.stdout == 'hello world\npod "one" deleted from default namespace\n'
    assert done.returncode == 0


def test_exit_code_and_errors(client: Kubectl) -> None:
    done = client("run", "two-codes", *ONCE, "--", "sh", "-c", "echo out; echo err >&2; exit 4")
    assert done.returncode == 4
    assert "out\n" in done.stdout
    assert done.stderr.endswith("pod default/two-codes terminated (Error)\n")


def test_input_is_read_to_its_end(client: Kubectl) -> None:
    done = client("run", "three", *ONCE, "--", "cat", given="foo bar\n")
    assert done.stdout.count("foo bar\n") == 1
    assert done.returncode == 0


def test_attach_follows_a_running_program(client: Kubectl) -> None:
    done = client("attach", "pend")
    assert done.stderr.endswith("error: unable to upgrade connection: pod pend does not have a host assigned\n")
    assert client("attach", "two", "-c", "zz").stderr.startswith("error: cannot attach to the container: container zz")


def test_attach_without_a_terminal_to_one(client: Kubectl) -> None:
    assert client("run", "screen", "--image=busybox", "-i", "-t", "--restart=Never", "--attach=false").returncode == 0
    client("wait", "pod/screen", "--for=condition=Ready", "--timeout=10s")
    done = client("attach", "screen", "-i", given="echo hi\n")
    assert done.returncode == 1
    assert done.stderr.endswith("error: error stream protocol error: unknown error\n")
    client("delete", "pod", "screen", "--now")


def test_an_ephemeral_container_joins_the_pod(kubectl: Kubectl) -> None:
    words = ("--image=busybox", "--container=look", "--attach=false")
    done = kubectl("debug", "two", *words, "--", "sh", "-c", "echo in debug; sleep 100")
    assert done.returncode == 0, done.stderr
    path = "{.status.ephemeralContainerStatuses[0].state.running}"
    kubectl("wait", "pod/two", f"--for=jsonpath={path}", "--timeout=10s")
    assert kubectl("logs", "two", "-c", "look").stdout == "in debug\n"
    assert kubectl("exec", "two", "-c", "look", "--", "hostname").stdout == "two\n"
    again = kubectl("debug", "two", "--image=busybox", "--container=look")
    assert again.returncode == 1
