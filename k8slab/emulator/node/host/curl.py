"""curl over the pod's network, with curl's own exit codes and messages (curl.se/docs/manpage.html)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from k8slab.emulator.node.host.context import Network, NetworkError, Streams, Streamset
from k8slab.emulator.node.host.tls import TlsError, secured

VERSION = "8.11.1"
_PORTS = {"http": 80, "https": 443}
_WITH_VALUE = {
    "-H": "header", "--header": "header", "-X": "method", "--request": "method", "-d": "data", "--data": "data",
    "--data-raw": "data", "-o": "output", "--output": "output", "-w": "write_out", "--write-out": "write_out",
    "-m": "limit", "--max-time": "limit", "--connect-timeout": "connect_limit", "-A": "agent", "--user-agent": "agent",
    "--resolve": "resolve", "-u": "user", "--user": "user", "--retry": "retry", "--cacert": "cacert",
}  # fmt: skip
_FLAGS = {
    "s": "silent", "S": "show_error", "i": "include", "I": "head", "v": "verbose", "L": "follow", "f": "fail",
    "k": "insecure", "g": "globoff", "4": "ipv4",
}  # fmt: skip
_LONG = {
    "silent": "silent", "show-error": "show_error", "include": "include", "head": "head", "verbose": "verbose",
    "location": "follow", "fail": "fail", "insecure": "insecure",
}  # fmt: skip


class Files(Protocol):
    """The container's files as a client of the network uses them; both raise ``OSError``."""

    def save(self, name: str, data: bytes) -> None:
        """Write a file."""
        ...

    def load(self, name: str) -> bytes:
        """Read a file."""
        ...


class CurlError(Exception):
    """The exit code and the message behind ``curl: (N)``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Options:
    """What the command line asks for."""

    urls: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    resolved: dict[tuple[str, int], str] = field(default_factory=dict)
    authorities: bytes | None = None


@dataclass(slots=True)
class Answer:
    """One response."""

    status: int
    head: bytes
    headers: dict[str, str]
    body: bytes
    address: str


def parse_options(arguments: list[str]) -> Options:
    """Read the command line; raises ``CurlError`` (2) for what curl does not know here."""
    options = Options()
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            _value(options, _WITH_VALUE[word], next(rest, ""))
        elif word[:2] in _WITH_VALUE and not word.startswith("--") and len(word) > 2:  # noqa: PLR2004 - -Xvalue
            _value(options, _WITH_VALUE[word[:2]], word[2:])
        elif word.startswith("--"):
            if word[2:] not in _LONG:
                raise CurlError(2, f"option {word}: is unknown")
            options.flags.add(_LONG[word[2:]])
        elif word.startswith("-") and len(word) > 1:
            _short(options, word[1:], rest)
        else:
            options.urls.append(word)
    if not options.urls:
        raise CurlError(2, "no URL specified")
    return options


def _authorities(options: Options, files: Files) -> bytes | None:
    """Return the content of ``--cacert``; raises ``CurlError`` (77)."""
    path = options.values.get("cacert")
    if not path:
        return None
    try:
        return files.load(path)
    except OSError as error:
        raise CurlError(77, f"error adding trust anchors from file: {path}") from error


def _short(options: Options, letters: str, rest: object) -> None:
    for index, letter in enumerate(letters):
        if f"-{letter}" in _WITH_VALUE:
            value = letters[index + 1 :] or next(rest, "")  # type: ignore[call-overload]
            _value(options, _WITH_VALUE[f"-{letter}"], value)
            return
        if letter not in _FLAGS:
            raise CurlError(2, f"option -{letters}: is unknown")
        options.flags.add(_FLAGS[letter])


def _value(options: Options, name: str, value: str) -> None:
    if name == "header":
        options.headers.append(value)
    elif name == "resolve":
        host, port, address = value.split(":", 2)
        options.resolved[host, int(port)] = address
    else:
        options.values[name] = value


async def curl(network: Network, arguments: list[str], streams: Streamset, files: Files) -> int:
    """Run one curl command; return its exit code."""
    if arguments[:1] in (["--version"], ["-V"]):
        await streams.out(f"curl {VERSION} (k8slab)\n".encode())
        return 0
    try:
        options = parse_options(arguments)
        options.authorities = _authorities(options, files)
    except CurlError as error:
        if error.code != 2:  # noqa: PLR2004 - not a wrong command line
            return await _failed(error, options, streams)
        await streams.err(f"curl: {error}\ncurl: try 'curl --help' for more information\n".encode())
        return error.code
    code = 0
    for url in options.urls:
        code = await _one(network, url, options, streams, files)
    return code


async def fetch(network: Network, url: str, streams: Streamset) -> Answer:
    """Return the answer to a GET; raises ``CurlError``."""
    return await followed(network, url, Options(), streams)


async def _one(network: Network, url: str, options: Options, streams: Streamset, files: Files) -> int:
    limit = float(options.values.get("limit", 0)) or None
    try:
        answer = await asyncio.wait_for(followed(network, url, options, streams), limit)
    except TimeoutError:
        return await _failed(
            CurlError(28, f"Operation timed out after {int((limit or 0) * 1000)} milliseconds"), options, streams
        )
    except CurlError as error:
        return await _failed(error, options, streams)
    if "fail" in options.flags and answer.status >= 400:  # noqa: PLR2004
        return await _failed(CurlError(22, f"The requested URL returned error: {answer.status}"), options, streams)
    try:
        await _print(answer, options, streams, files)
    except OSError:
        return await _failed(CurlError(23, "client returned ERROR on write"), options, streams)
    return 0


async def _failed(error: CurlError, options: Options, streams: Streamset) -> int:
    if "silent" not in options.flags or "show_error" in options.flags:
        await streams.err(f"curl: ({error.code}) {error}\n".encode())
    if "write_out" in options.values:
        await streams.out(_written(options.values["write_out"], None))
    return error.code


async def _print(answer: Answer, options: Options, streams: Streamset, files: Files) -> None:
    head = {"include", "head"} & options.flags
    shown = (answer.head if head else b"") + (b"" if "head" in options.flags else answer.body)
    target = options.values.get("output", "-")
    if target == "-":
        await streams.out(shown)
    elif target != "/dev/null":
        files.save(target, shown)
    if "write_out" in options.values:
        await streams.out(_written(options.values["write_out"], answer))


def _written(template: str, answer: Answer | None) -> bytes:
    values = {
        "http_code": f"{answer.status:03d}" if answer else "000",
        "response_code": f"{answer.status:03d}" if answer else "000",
        "size_download": str(len(answer.body)) if answer else "0",
        "remote_ip": answer.address if answer else "",
        "content_type": answer.headers.get("content-type", "") if answer else "",
    }
    for name, value in values.items():
        template = template.replace(f"%{{{name}}}", value)
    return template.replace("\\n", "\n").replace("\\t", "\t").encode()


async def followed(network: Network, url: str, options: Options, streams: Streamset) -> Answer:
    """Return the last answer, after redirects where asked for; raises ``CurlError``."""
    for _ in range(50):
        answer = await _request(network, url, options, streams)
        where = answer.headers.get("location", "")
        if "follow" not in options.flags or answer.status not in (301, 302, 303, 307, 308) or not where:
            return answer
        parts = urlsplit(url if "://" in url else f"http://{url}")
        url = where if "://" in where else f"{parts.scheme}://{parts.netloc}{where}"
    raise CurlError(47, "Maximum (50) redirects followed")


async def _request(network: Network, url: str, options: Options, streams: Streamset) -> Answer:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _PORTS:
        raise CurlError(1, f'Protocol "{parts.scheme}" not supported by this curl (it works on kind)')
    try:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise CurlError(3, "URL using bad/illegal format or missing URL") from error
    if not host:
        raise CurlError(3, "URL using bad/illegal format or missing URL")
    streamed, address = await _dial(network, host, port, options)
    try:
        if parts.scheme == "https":
            insecure = "insecure" in options.flags
            streamed = await secured(streamed, host, authorities=options.authorities, insecure=insecure)
        text = _text(parts.path or "/", parts.query, parts.netloc.rpartition("@")[2], options)
        if "verbose" in options.flags:
            await _narrate(
                streams, f"* Connected to {host} ({address}) port {port}", ">", text.partition("\r\n\r\n")[0]
            )
        streamed[1].write(text.encode())
        await streamed[1].drain()
        answer = await _read(streamed[0], address, head="head" in options.flags)
    except TlsError as error:
        raise CurlError(error.code, error.message) from error
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        raise CurlError(52, "Empty reply from server") from error
    finally:
        streamed[1].close()
    if "verbose" in options.flags:
        await _narrate(streams, "", "<", answer.head.decode(errors="replace").strip())
    return answer


async def _narrate(streams: Streamset, first: str, mark: str, text: str) -> None:
    lines = [*([first] if first else []), *(f"{mark} {line}" for line in text.splitlines()), mark]
    await streams.err("".join(f"{line}\n" for line in lines).encode())


async def _dial(network: Network, host: str, port: int, options: Options) -> tuple[Streams, str]:
    limit = float(options.values.get("connect_limit", 0)) or None
    try:
        return await asyncio.wait_for(network.dial(options.resolved.get((host, port), host), port), limit)
    except TimeoutError as error:
        raise CurlError(28, f"Connection timed out after {int((limit or 0) * 1000)} milliseconds") from error
    except NetworkError as error:
        if error.kind == "nohost":
            raise CurlError(6, f"Could not resolve host: {host}") from error
        if error.kind == "dropped":
            # A real client waits for an answer that never comes.
            await asyncio.sleep(limit or 135)
            raise CurlError(28, f"Failed to connect to {host} port {port}: Connection timed out") from error
        text = f"Failed to connect to {host} port {port} after 0 ms: Could not connect to server"
        raise CurlError(7, text) from error


def _text(path: str, query: str, host: str, options: Options) -> str:
    data = options.values.get("data", "")
    method = options.values.get("method") or ("HEAD" if "head" in options.flags else "POST" if data else "GET")
    headers = {"Host": host, "User-Agent": options.values.get("agent", f"curl/{VERSION}"), "Accept": "*/*"}
    if data:
        headers |= {"Content-Length": str(len(data.encode())), "Content-Type": "application/x-www-form-urlencoded"}
    for line in options.headers:
        name, _, value = line.partition(":")
        known = next((key for key in headers if key.lower() == name.strip().lower()), name.strip())
        headers[known] = value.strip()
    lines = [f"{method} {path}{'?' + query if query else ''} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join([*lines, "", data])


async def _read(reader: asyncio.StreamReader, address: str, *, head: bool) -> Answer:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    status = int(first.split(" ")[1])
    if head or status in (204, 304):
        body = b""
    elif "chunked" in headers.get("transfer-encoding", ""):
        body = await _chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read()
    return Answer(status, raw, headers, body, address)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    return body
