from __future__ import annotations

import pytest

from k8slab.emulator.apiserver.pod_doors import container_of
from k8slab.emulator.apiserver.streaming.channels import COMMAND_FORMS, PORT_FORMS, choose_form
from k8slab.emulator.apiserver.streaming.commands import CommandStreams, Wanted, exit_status
from k8slab.kube.status import ApiError


@pytest.mark.parametrize("name", COMMAND_FORMS)
def test_a_message_is_read_as_it_was_written(name: str) -> None:
    form = COMMAND_FORMS[name]
    assert form.decode(form.encode(1, b"foo\n")) == (1, b"foo\n")
    assert form.decode(b"") is None


def test_base64_form_is_that_of_wsstream() -> None:
    assert COMMAND_FORMS["base64.channel.k8s.io"].encode(0, b"foo\n") == b"0Zm9vCg=="
    assert COMMAND_FORMS["base64.channel.k8s.io"].decode(b"0!!") is None
    assert COMMAND_FORMS["base64.channel.k8s.io"].decode(b"xZm9v") is None


def test_the_clients_first_known_name_wins() -> None:
    chosen = choose_form(["v9.channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io"], COMMAND_FORMS)
    assert chosen is not None
    assert chosen.name == "v4.channel.k8s.io"
    assert choose_form(["v5.channel.k8s.io"], PORT_FORMS) is None
    assert choose_form([""], PORT_FORMS) is not None


def test_a_terminal_has_no_stderr() -> None:
    query = {"stdin": "true", "stdout": "1", "stderr": "true", "tty": "true"}
    assert Wanted.of(query) == Wanted(stdin=True, stdout=True, stderr=False, tty=True)
    assert Wanted.of(query).count("v4.channel.k8s.io") == 4
    assert Wanted.of(query).count("v2.channel.k8s.io") == 3


class Stream:
    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.written = b""

    async def read(self) -> bytes:
        return self.chunks.pop(0) if self.chunks else b""

    async def write(self, data: bytes) -> None:
        self.written += data

    async def close(self) -> None:
        self.written += b"."


async def test_sizes_come_in_pieces() -> None:
    streams = CommandStreams(resize=Stream(b'{"Width":80,', b'"Height":24}\n{"Wid', b'th":100,"Height":30}'))
    assert await streams.next_size() == (80, 24)
    assert await streams.next_size() == (100, 30)


async def test_old_protocols_get_the_text_of_a_failure_only() -> None:
    error = Stream()
    await CommandStreams(error=error, as_status=False).finish(exit_status(0))
    assert error.written == b"."
    await CommandStreams(error=error, as_status=False).finish(exit_status(3))
    assert error.written.endswith(b"command terminated with exit code 3.")


POD = {
    "metadata": {"name": "p"},
    "spec": {
        "initContainers": [{"name": "i"}],
        "containers": [{"name": "a"}, {"name": "b"}],
        "ephemeralContainers": [{"name": "e"}],
    },
}


def test_the_container_must_be_named_when_there_are_several() -> None:
    assert container_of(POD, "e") == "e"
    with pytest.raises(ApiError, match=r"choose one of: \[i a b e\]"):
        container_of(POD, "")
    with pytest.raises(ApiError, match="container z is not valid for pod p"):
        container_of(POD, "z")
    assert container_of({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}}, "") == "a"
