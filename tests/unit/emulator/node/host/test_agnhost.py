from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from k8slab.emulator.node.host.agnhost.flags import Flags, duration
from k8slab.emulator.node.host.agnhost.netexec import values_of
from k8slab.emulator.node.host.http_server import Request
from k8slab.emulator.node.host.shell.state import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m30s", 90.0), ("1.5s", 1.5), ("0", 0.0), ("5", None), ("x", None), ("100ms", 0.1)]
)
def test_durations_are_go_s(text: str, seconds: float | None):
    assert duration(text) == (seconds if seconds is None else pytest.approx(seconds))


def test_flags_take_values_in_both_forms():
    flags = Flags(["--http-port=80", "--udp", "--name", "x", "rest"], {"http-port": 1, "udp": False, "name": ""}, {})
    assert (flags.number("http-port"), flags.on("udp"), flags.text("name"), flags.operands) == (80, True, "x", ["rest"])


def test_an_unknown_flag_is_named():
    with pytest.raises(UsageError, match="unknown flag: --nope"):
        Flags(["--nope"], {}, {})


async def test_the_entrypoint_tester_prints_a_go_list(pod: Any):
    pod.system = "agnhost"
    ran = await pod.run("/agnhost", "entrypoint-tester", "a", "b c")
    assert (ran.out, ran.code) == ("[/agnhost entrypoint-tester a b c]\n", 0)


async def test_mounttest_writes_and_reads(pod: Any):
    pod.system = "agnhost"
    (pod.root / "mnt").mkdir()
    ran = await pod.run(
        "/agnhost", "mounttest", "--new_file_0644=/mnt/f", "--file_perm=/mnt/f", "--file_content=/mnt/none"
    )
    assert ran.out.splitlines() == [
        'content of file "/mnt/f": mount-tester new file', "", 'perms of file "/mnt/f": -rw-r--r--',
        'error reading file content for "/mnt/none": open /mnt/none: no such file or directory',
    ]  # fmt: skip
    assert ran.code == 1


async def test_pause_tells_which_signal_ended_it(pod: Any):
    pod.system = "agnhost"
    process, work, out, _ = pod.begin(["/agnhost", "pause"])
    task = asyncio.ensure_future(work())
    while len(out) < 2:  # noqa: ASYNC110 - the program has no event for it
        await asyncio.sleep(0)
    process.deliver(15)
    assert await task == 2
    assert b"".join(out) == b'Paused\nSignals registered\nexiting because of signal "terminated"\n'
    assert (pod.root / "dev" / "termination-log").read_text() == 'exiting because of signal "terminated"\n'


async def netexec(pod: Any, target: str, body: bytes = b"", **headers: str) -> tuple[str, str]:
    served: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def listen(_port: int, serve: Any) -> None:
        served.set_result(serve)

    pod.system = "agnhost"
    pod.network.listen = listen
    process, work, _, _ = pod.begin(["/agnhost", "netexec"])
    task = asyncio.ensure_future(work())
    reader = asyncio.StreamReader()
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head += f"Content-Length: {len(body)}\r\n" if body else ""
    reader.feed_data(b"PROXY TCP4 10.244.0.9 10.244.0.7 4444 8080\r\n")
    reader.feed_data(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
    reader.feed_eof()
    written = bytearray()

    class Writer:
        def write(self, data: bytes) -> None:
            written.extend(data)

        async def drain(self) -> None: ...

        def close(self) -> None: ...

    await (await served)(reader, Writer())
    process.deliver(15)
    assert await task == 0
    head_text, _, text = written.decode().partition("\r\n\r\n")
    return head_text, text


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/hostname", "200 OK", "web-0"), ("/hostName", "200 OK", "web-0"), ("/clientip", "200 OK", "10.244.0.9:4444"),
        ("/serverport", "200 OK", "8080"), ("/echo?msg=hi%20you", "200 OK", "hi you"),
        ("/echo?msg=x&code=404", "404 Not Found", "x"), ("/healthz", "200 OK", ""), ("/readyz", "200 OK", "ok"),
        ("/echo?msg=x&code=a", "200 OK", "argument 'code' must be an integer or empty, got \"a\"\n"),
        ("/header?key=X-A", "200 OK", "b"), ("/shell?cmd=echo%20hi;exit%203", "200 OK", '{"error":"exit status 3","output":"hi\\n"}'),
        ("/dial?host=web&port=80&request=x&tries=a", "400 Bad Request", 'tries parameter is invalid. strconv.Atoi: parsing "a": invalid syntax\n'),
        ("/dial?host=web&port=80", "400 Bad Request", "request parameter not specified. <nil>\n"),
    ],
)  # fmt: skip
async def test_netexec_answers(pod: Any, target: str, status: str, body: str):
    head, text = await netexec(pod, target, X_A="b")
    assert head.startswith(f"HTTP/1.1 {status}\r\n")
    assert text == body


async def test_netexec_tells_what_dialling_gave(pod: Any):
    pod.network.names = {"web": ["10.96.0.1"]}
    _, text = await netexec(pod, "/dial?host=web&port=80&request=hostname&tries=2")
    assert [len(found) for found in json.loads(text).values()] == [2]


async def test_a_redirect_cannot_split_the_answer(pod: Any):
    head, text = await netexec(pod, "/redirect?location=/a%0d%0aX-Evil:1%22%3Cb%3E&code=307")
    assert "\r\nX-Evil" not in head
    assert "<b>" not in text


async def test_an_upload_lands_in_the_container(pod: Any):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncontent\r\n--x--\r\n'
    head, text = await netexec(pod, "/upload", body, Content_Type="multipart/form-data; boundary=x")
    assert head.startswith("HTTP/1.1 201")
    assert (pod.root / json.loads(text)["output"].lstrip("/")).read_bytes() == b"content"


def test_parameters_come_from_the_address_and_a_form():
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    request = Request("POST", "/shell?a=1", "HTTP/1.1", form, b"cmd=ls", "")
    assert values_of(request) == {"a": "1", "cmd": "ls"}
