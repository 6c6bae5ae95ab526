from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from k8slab.emulator.node.host.curl_options import CurlError, Options, parse_options, prepare


class Folder:
    def __init__(self, **files: bytes) -> None:
        self.files = files

    def load(self, name: str) -> bytes:
        if name not in self.files:
            raise FileNotFoundError(2, "No such file or directory", name)
        return self.files[name]

    def save(self, name: str, data: bytes) -> None:
        self.files[name] = data


def prepared(*words: str) -> Options:
    options = parse_options([*words, "http://web"])
    prepare(options, Folder(f=b"a\nb"))
    return options


@pytest.mark.parametrize(
    ("words", "data", "headers"),
    [
        (["-d", "a=1", "-d", "b=2"], b"a=1&b=2", []),
        (["-d", "@f"], b"ab", []),
        (["--data-binary", "@f"], b"a\nb", []),
        (["--data-raw", "@f"], b"@f", []),
        (["--data-urlencode", "q=a b&c"], b"q=a%20b%26c", []),
        (["--json", '{"a":1}'], b'{"a":1}', ["Content-Type: application/json", "Accept: application/json"]),
        (["-sSu", "me:pw"], None, ["Authorization: Basic bWU6cHc="]),
        (["-b", "a=1", "-e", "http://x"], None, ["Cookie: a=1", "Referer: http://x"]),
        (["-T", "f"], b"a\nb", []),
    ],
)  # fmt: skip
def test_options_make_body_and_headers(words: list[str], data: bytes | None, headers: list[str]):
    options = prepared(*words)
    assert (options.data, options.headers) == (data, headers)


def test_get_moves_data_into_the_address():
    options = parse_options(["-G", "-d", "a=1", "-d", "b=2", "web/x?c=3"])
    prepare(options, Folder())
    assert (options.urls, options.data) == (["http://web/x?c=3&a=1&b=2"], None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nope", "x"], "option --nope: is unknown"), (["-sZ", "x"], "option -sZ: is unknown"),
        (["x", "-H"], "option -H: requires parameter"), (["-s"], "(2) no URL specified"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_named(words: list[str], message: str):
    with pytest.raises(CurlError) as caught:
        parse_options(words)
    assert (str(caught.value), caught.value.code) == (message, 2)


@pytest.mark.parametrize(
    ("command", "err", "code"),
    [
        ("curl -s http://nope", "", 6), ("curl -sS http://nope", "curl: (6) Could not resolve host: nope\n", 6),
        ("curl http://web:81", "curl: (7) Failed to connect to web port 81 after 0 ms: Could not connect to server\n", 7),
        ("curl htp://web", 'curl: (1) Protocol "htp" not supported\n', 1),
        ("curl -d @/none http://web", "curl: (26) Failed to open/read local data from file/application\n", 26),
        ("curl", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
    ],
)  # fmt: skip
async def test_failures_have_curl_s_words_and_codes(pod: Any, command: str, err: str, code: int):
    pod.system, pod.network.names = "alpine", {"web": ["10.96.0.7"]}
    ran = await pod.sh(command)
    assert (ran.out, ran.err, ran.code) == ("", err, code)


@pytest.fixture
async def served(pod: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """A pod whose httpd runs; its network reaches it under the name ``web``."""
    servers: list[asyncio.Server] = []

    async def listen(port: int, serve: Any) -> None:
        servers.append(await asyncio.start_unix_server(serve, str(tmp_path / f"s{port}")))

    async def dial(_host: str, port: int) -> Any:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / f"s{port}"))
        writer.write(b"PROXY TCP4 10.244.0.9 10.244.0.7 4444 80\r\n")
        return (reader, writer), "10.244.0.7"

    pod.network.names, pod.network.listen, pod.network.dial = {"web": ["10.96.0.7"]}, listen, dial
    folder = pod.root / "usr/local/apache2/htdocs"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<html><body><h1>It works!</h1></body></html>\n")
    (folder / "data.json").write_text("{}")
    (folder / "sub").mkdir()
    pod.system = "httpd"
    process, work, out, _ = pod.begin(["httpd-foreground"])
    task = asyncio.ensure_future(work())
    while not servers:  # noqa: ASYNC110 - the program has no event for it
        await asyncio.sleep(0)
    pod.log = out
    yield pod
    process.deliver(28)
    assert await task == 0
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("curl -s web", "<html><body><h1>It works!</h1></body></html>\n"),
        ("curl -so /dev/null -w '%{http_code} %{content_type} %{size_download} %{method} %{url_effective}\\n' web", "200 text/html 45 GET http://web/\n"),
        ("curl -s -o /tmp/x web; wc -c < /tmp/x", "45\n"),
        ("cd /tmp; curl -sO web/data.json; cat data.json", "{}"),
        ("curl -sI web | head -n 1", "HTTP/1.1 200 OK\r\n"),
        ("curl -s -o /dev/null -w '%{http_code}' web/nope", "404"),
        ("curl -sf web/nope; echo $?", "22\n"),
        ("curl -s -o /dev/null -w '%{http_code} %{redirect_url}' web/sub", "301 http://web/sub/"),
        ("curl -sL -o /dev/null -w '%{http_code} %{num_redirects}' web/sub", "200 1"),
        ("curl -s -o /dev/null -w '%{http_code}' -X DELETE web", "405"),
        ("curl -s -o /dev/null -w '%{http_code}' web/%2e%2e/%2e%2e/etc/passwd", "404"),
        ("curl -s web -o /dev/null -w '%header{server}'", "Apache/2.4.66 (Unix)"),
    ],
)  # fmt: skip
async def test_curl_reads_what_httpd_serves(served: Any, command: str, out: str):
    assert (await served.sh(command)).out == out


async def test_verbose_tells_the_whole_talk(served: Any):
    ran = await served.sh("curl -sv -o /dev/null -H 'Host: shop.test' -H 'Accept:' -d a=b web/nope")
    assert ran.err.startswith(
        "* Host web:80 was resolved.\n* IPv6: (none)\n* IPv4: 10.96.0.7\n*   Trying 10.96.0.7:80...\n"
        "* Connected to web (10.96.0.7) port 80\n> POST /nope HTTP/1.1\n> Host: shop.test\n> User-Agent: curl/8.11.1\n"
        "> Content-Length: 3\n> Content-Type: application/x-www-form-urlencoded\n> \n} [3 bytes data]\n"
        "* upload completely sent off: 3 bytes\n< HTTP/1.1 405 Method Not Allowed\n"
    )
    assert ran.err.endswith("* Connection #0 to host web left intact\n")


async def test_httpd_logs_each_request(served: Any):
    await served.sh("curl -s web/nope")
    line = b"".join(served.log).decode()
    assert '"GET /nope HTTP/1.1" 404 ' in line
    assert line.startswith("10.244.0.9 - - [")
