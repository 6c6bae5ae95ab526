from __future__ import annotations

import re
from typing import Any

import pytest

Kubectl = Any

FAILED = "failed to exec in container: failed to start exec"
RUNC = "OCI runtime exec failed: exec failed: unable to start container process: exec:"


@pytest.fixture(params=["websocket", "spdy"])
def client(kubectl: Kubectl, request: pytest.FixtureRequest) -> Kubectl:
    return kubectl.with_environment(KUBECTL_REMOTE_COMMAND_WEBSOCKETS=str(request.param == "websocket").lower())


def test_output_errors_and_exit_code(client: Kubectl) -> None:
    done = client("exec", "two", "-c", "side", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.returncode) == ("out\n", 7)
    assert done.stderr == "err\ncommand terminated with exit code 7\n"


def test_input_ends(client: Kubectl) -> None:
    given = "".join(f"line {number}\n" for number in range(20000))
    done = client("exec", "-i", "two", "-c", "side", "--", "cat", given=given)
    assert (done.stdout, done.stderr, done.returncode) == (given, "", 0)


def test_without_stdin_the_command_reads_nothing(client: Kubectl) -> None:
    done = client("exec", "two", "-c", "side", "--", "cat", given="hello\n")
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("foo", '"foo": executable file not found in $PATH'),
        ("cd", '"cd": executable file not found in $PATH'),
        ("/bin/foo", '"/bin/foo": stat /bin/foo: no such file or directory'),
        ("/etc/hosts", '"/etc/hosts": permission denied'),
        ("/", '"/": permission denied'),
    ],
)
def test_what_cannot_be_started(client: Kubectl, name: str, why: str) -> None:
    done = client("exec", "two", "--", name)
    assert done.returncode == 1
    assert 'Defaulted container "web" out of: web, side' in done.stderr
    assert re.search(rf'{FAILED} "[0-9a-f]{{64}}": {RUNC} {re.escape(why)}: unknown', done.stderr)


def test_an_image_without_a_shell_has_none(client: Kubectl) -> None:
    assert 'exec: "sh": executable file not found in $PATH' in client("exec", "who", "--", "sh").stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pend",), "error: unable to upgrade connection: pod pend does not have a host assigned\n"),
        (("nope",), 'Error from server (NotFound): pods "nope" not found\n'),
        (("two", "-c", "nope"), "error: container nope is not valid for pod two out of: web, side\n"),
    ],
)
def test_refusals(client: Kubectl, words: tuple[str, ...], message: str) -> None:
    done = client("exec", *words, "--", "ls")
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 1)
