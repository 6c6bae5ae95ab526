"""curl over the pod's network, with curl's own exit codes and messages (curl.se/docs/manpage.html)."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from k8slab.emulator.node.host.context import Network, NetworkError, Streams, Streamset
from k8slab.emulator.node.host.curl_options import CurlError, Files, Options, parse_options, prepare
from k8slab.emulator.node.host.tls import TlsError, secured

__all__ = ["Answer", "CurlError", "Files", "Options", "curl", "fetch", "followed"]

VERSION = "8.11.1"
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)
# Answers after which ``--retry`` tries again (curl.se/docs/manpage.html).
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_MOST_REDIRECTS = 50
_NEVER_ANSWERED = 135.0


@dataclass(slots=True)
class Answer:
    """One response, where it came from, and how it was asked for."""

    status: int
    head: bytes
    headers: dict[str, str]
    body: bytes
    address: str
    url: str = ""
    method: str = "GET"
    redirects: int = 0
    seconds: float = 0.0


async def curl(network: Network, arguments: list[str], streams: Streamset, files: Files) -> int:
    """Run one curl command; return its exit code."""
    if arguments[:1] in (["--version"], ["-V"]):
        await streams.out(f"curl {VERSION} (k8slab)\nProtocols: http https\n".encode())
        return 0
    if not arguments:
        await streams.err(b"curl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    try:
        options = parse_options(arguments)
    except CurlError as error:
        hint = "curl: try 'curl --help' or 'curl --manual' for more information\n"
        await streams.err(f"curl: {error}\n{hint}".encode())
        return error.code
    try:
        prepare(options, files)
        options.authorities = _authorities(options, files)
    except CurlError as error:
        return await _failed(error, options, streams)
    code = 0
    for url in options.urls:
        code = await _one(network, url, options, streams, files)
    return code


def _authorities(options: Options, files: Files) -> bytes | None:
    """Return the content of ``--cacert``; raises ``CurlError`` (77)."""
    path = options.values.get("cacert")
    if not path:
        return None
    try:
        return files.load(path)
    except OSError as error:
        raise CurlError(77, f"error adding trust anchors from file: {path}") from error


async def fetch(network: Network, url: str, streams: Streamset) -> Answer:
    """Return the answer to a GET; raises ``CurlError``."""
    return await followed(network, url, Options(), streams)


async def _one(network: Network, url: str, options: Options, streams: Streamset, files: Files) -> int:
    try:
        answer = await _tried(network, url, options, streams)
    except CurlError as error:
        return await _failed(error, options, streams, url)
    bad = answer.status >= HTTPStatus.BAD_REQUEST
    refusal = CurlError(22, f"The requested URL returned error: {answer.status}")
    if "fail" in options.flags and bad:
        return await _failed(refusal, options, streams, url, answer)
    try:
        await _print(answer, options, streams, files)
    except BrokenPipeError:
        raise
    except OSError as error:
        await streams.err(f"Warning: Failed to open the file {error.filename}: {error.strerror}\n".encode())
        return await _failed(CurlError(23, "client returned ERROR on write, 0 bytes"), options, streams, url)
    if "fail_with_body" in options.flags and bad:
        return await _failed(refusal, options, streams, url, answer)
    if "write_out" in options.values:
        await streams.out(_written(options.values["write_out"], answer, 0, url))
    return 0


async def _tried(network: Network, url: str, options: Options, streams: Streamset) -> Answer:
    """Return the answer, after as many tries as ``--retry`` allows."""
    left = int(options.number("retry") or 0)
    pause = options.number("retry_delay") or 1.0
    while True:
        try:
            answer = await _in_time(network, url, options, streams)
            if answer.status not in _TRANSIENT or left <= 0:
                return answer
            problem = f"HTTP error {answer.status}"
        except CurlError as error:
            again = error.code == 28 or (error.code == 7 and "retry_refused" in options.flags)  # noqa: PLR2004
            if left <= 0 or not again:
                raise
            problem = "timeout" if error.code == 28 else "connection refused"  # noqa: PLR2004
        if "silent" not in options.flags:
            text = f"Warning: Problem: {problem}. Will retry in {pause:.0f} second. {left} retry left.\n"
            await streams.err(text.encode())
        await asyncio.sleep(pause)
        left, pause = left - 1, pause if "retry_delay" in options.values else pause * 2


async def _in_time(network: Network, url: str, options: Options, streams: Streamset) -> Answer:
    limit = options.number("limit")
    try:
        async with asyncio.timeout(limit):
            return await followed(network, url, options, streams)
    except TimeoutError as error:
        waited = int((limit or 0) * 1000)
        raise CurlError(28, f"Operation timed out after {waited} milliseconds with 0 bytes received") from error


async def _failed(
    error: CurlError, options: Options, streams: Streamset, url: str = "", answer: Answer | None = None
) -> int:
    if "silent" not in options.flags or "show_error" in options.flags:
        await streams.err(f"curl: ({error.code}) {error}\n".encode())
    if "write_out" in options.values:
        await streams.out(_written(options.values["write_out"], answer, error.code, url))
    return error.code


async def _print(answer: Answer, options: Options, streams: Streamset, files: Files) -> None:
    head = {"include", "head"} & options.flags
    shown = (answer.head if head else b"") + (b"" if "head" in options.flags else answer.body)
    target = options.values.get("output", "-")
    if "remote_name" in options.flags:
        target = urlsplit(answer.url).path.rpartition("/")[2] or "curl_response"
    if target == "-":
        await streams.out(shown)
    else:
        files.save(target, shown)


def _written(template: str, answer: Answer | None, code: int, url: str) -> bytes:
    made = answer or Answer(0, b"", {}, b"", "", url)
    parts = urlsplit(made.url if "://" in made.url else f"http://{made.url}")
    where = made.headers.get("location", "")
    values = {
        "http_code": f"{made.status:03d}", "response_code": f"{made.status:03d}",
        "http_version": "1.1" if answer else "0",
        "size_download": str(len(made.body)), "size_header": str(len(made.head)), "remote_ip": made.address,
        "remote_port": str(parts.port or _PORTS.get(parts.scheme, 0)) if answer else "0", "exitcode": str(code),
        "content_type": made.headers.get("content-type", ""), "num_redirects": str(made.redirects),
        "url_effective": parts._replace(path=parts.path or "/").geturl(), "url": url, "method": made.method,
        "scheme": parts.scheme, "redirect_url": urljoin(made.url, where) if where else "", "num_connects": "1",
        "ssl_verify_result": "0", "errormsg": "", "speed_download": str(int(len(made.body) / (made.seconds or 1))),
        **dict.fromkeys(("time_namelookup", "time_connect", "time_pretransfer", "time_appconnect"), "0.000100"),
        **dict.fromkeys(("time_total", "time_starttransfer"), f"{made.seconds:.6f}"), "time_redirect": "0.000000",
    }  # fmt: skip
    made_text = re.sub(r"%\{(\w+)\}", lambda match: values.get(match[1], ""), template)
    made_text = re.sub(r"%header\{([\w-]+)\}", lambda match: made.headers.get(match[1].lower(), ""), made_text)
    escapes = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    return re.sub(r"\\([ntr\\])", lambda match: escapes[match[1]], made_text.replace("%%", "%")).encode()


async def followed(network: Network, url: str, options: Options, streams: Streamset) -> Answer:
    """Return the last answer, after redirects where asked for; raises ``CurlError``."""
    began, most = time.monotonic(), int(options.number("redirects") or _MOST_REDIRECTS)
    url = url if "://" in url else f"http://{url}"
    method = options.values.get("method") or (
        "HEAD" if "head" in options.flags else "GET" if options.data is None else "POST"
    )
    data = options.data
    for redirects in range(most + 1):
        answer = await _request(network, url, method, data, options, streams)
        answer.redirects, answer.seconds = redirects, time.monotonic() - began
        where = answer.headers.get("location", "")
        if "follow" not in options.flags or answer.status not in _REDIRECTS or not where:
            return answer
        url = urljoin(url, where)
        if answer.status in (301, 302, 303) and method == "POST" and "method" not in options.values:
            method, data = "GET", None
        if "verbose" in options.flags:
            await streams.err(f"* Issue another request to this URL: '{url}'\n".encode())
    raise CurlError(47, f"Maximum ({most}) redirects followed")


async def _request(
    network: Network, url: str, method: str, data: bytes | None, options: Options, streams: Streamset
) -> Answer:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise CurlError(1, f'Protocol "{parts.scheme}" not supported')
    try:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise CurlError(3, "URL rejected: Port number was not a decimal number between 0 and 65535") from error
    if not host:
        raise CurlError(3, "URL rejected: No host part in the URL")
    verbose = "verbose" in options.flags
    streamed, address = await _dial(network, host, port, options)
    if verbose:
        await streams.err(_connected(host, port, address).encode())
    try:
        if parts.scheme == "https":
            insecure = "insecure" in options.flags
            streamed = await secured(streamed, host, authorities=options.authorities, insecure=insecure)
        text = _head_of(parts.path or "/", parts.query, parts.netloc.rpartition("@")[2], method, data, options)
        if verbose:
            await _narrate(streams, ">", text, _sent(data))
        streamed[1].write(text.encode() + (data or b""))
        await streamed[1].drain()
        answer = await _read(streamed[0], address, head=method == "HEAD" or "head" in options.flags)
    except TlsError as error:
        raise CurlError(error.code, error.message) from error
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        raise CurlError(52, "Empty reply from server") from error
    finally:
        streamed[1].close()
    answer.url, answer.method = url, method
    if verbose:
        body = f"{{ [{len(answer.body)} bytes data]\n" if answer.body else ""
        end = f"{body}* Connection #0 to host {host} left intact\n"
        await _narrate(streams, "<", answer.head.decode(errors="replace"), end)
    return answer


def _connected(host: str, port: int, address: str) -> str:
    known = f"* Host {host}:{port} was resolved.\n* IPv6: (none)\n* IPv4: {address}\n" if host != address else ""
    return f"{known}*   Trying {address}:{port}...\n* Connected to {host} ({address}) port {port}\n"


def _sent(data: bytes | None) -> str:
    if data is None:
        return "* Request completely sent off\n"
    return f"}} [{len(data)} bytes data]\n* upload completely sent off: {len(data)} bytes\n"


async def _narrate(streams: Streamset, mark: str, text: str, end: str) -> None:
    lines = "".join(f"{mark} {line}\n" for line in text.strip().splitlines())
    await streams.err(f"{lines}{mark} \n{end}".encode())


async def _dial(network: Network, host: str, port: int, options: Options) -> tuple[Streams, str]:
    limit = options.number("connect_limit")
    target = options.resolved.get((host, port), host)
    # The address that was asked for, a Service's too, is the one that curl names.
    try:
        addresses = await network.resolve(target)
        async with asyncio.timeout(limit):
            streamed, reached = await network.dial(target, port)
        address = reached if reached in addresses else addresses[0]
    except TimeoutError as error:
        raise CurlError(28, f"Connection timed out after {int((limit or 0) * 1000)} milliseconds") from error
    except NetworkError as error:
        if error.kind == "nohost":
            raise CurlError(6, f"Could not resolve host: {host}") from error
        if error.kind == "dropped":
            # A real client waits for an answer that never comes.
            await asyncio.sleep(limit or _NEVER_ANSWERED)
            waited = int((limit or _NEVER_ANSWERED) * 1000)
            raise CurlError(28, f"Connection timed out after {waited} milliseconds") from error
        text = f"Failed to connect to {host} port {port} after 0 ms: Could not connect to server"
        raise CurlError(7, text) from error
    return streamed, address


def _head_of(path: str, query: str, host: str, method: str, data: bytes | None, options: Options) -> str:
    headers: dict[str, str | None] = {
        "Host": host, "User-Agent": options.values.get("agent", f"curl/{VERSION}"), "Accept": "*/*",
    }  # fmt: skip
    if "compressed" in options.flags:
        headers["Accept-Encoding"] = "identity"
    if data is not None:
        headers |= {"Content-Length": str(len(data)), "Content-Type": "application/x-www-form-urlencoded"}
    extra: list[str] = []
    changed: set[str] = set()
    for line in options.headers:
        name, colon, value = line.partition(":")
        bare = name.strip().rstrip(";") if not colon else name.strip()
        known = next((key for key in headers if key.lower() == bare.lower() and key not in changed), None)
        if known is not None:
            # ``Name:`` takes the header away, ``Name;`` sends it empty.
            headers[known] = value.strip() or (None if colon else "")
            changed.add(known)
        elif value.strip() or not colon:
            extra.append(f"{bare}: {value.strip()}".rstrip() if colon else f"{bare}:")
    version = "1.0" if "http1.0" in options.flags else "1.1"
    lines = [f"{method} {path}{'?' + query if query else ''} HTTP/{version}"]
    lines += [f"{name}: {value}".rstrip() for name, value in headers.items() if value is not None]
    return "\r\n".join([*lines, *extra, "", ""])


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
