"""Sends a request on along a route of the cluster's network and streams the answer back."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from k8slab.emulator.api import Dialer, DialError, DroppedError, Route, Source
from k8slab.emulator.apiserver.proxying.links import rewritten, rewritten_page
from k8slab.emulator.apiserver.proxying.locations import Location, unavailable

# Requests of the API server come from the node.
_NODE = Source("10.244.0.1")
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
                         "transfer-encoding", "upgrade"})  # fmt: skip
# The client's credentials are for the API server alone.
_PRIVATE = frozenset({"authorization", "impersonate-user", "impersonate-group", "impersonate-uid"})
_LARGEST_PAGE = 1 << 22
_CHUNK = 1 << 15


class _RouteConnector(aiohttp.BaseConnector):
    """Connects to the unix socket of a route, and says first who is coming."""

    def __init__(self, route: Route, tls: ssl.SSLContext | None) -> None:
        super().__init__(force_close=True)
        self._route = route
        self._tls = tls

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:  # noqa: ARG002, ASYNC109
        loop = asyncio.get_running_loop()
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, self._route.socket_path)
            await loop.sock_sendall(connection, self._route.preamble)
            name = self._route.address if self._tls else None
            _, protocol = await loop.create_connection(
                self._factory, sock=connection, ssl=self._tls, server_hostname=name
            )
        except BaseException:
            connection.close()
            raise
        return protocol


@dataclass(frozen=True, slots=True)
class Onward:
    """What is sent on: the path with its query behind ``prefix`` (the path of the proxy itself)."""

    prefix: str
    path: str
    location: Location


async def forward(request: web.Request, onward: Onward, dialer: Dialer) -> web.StreamResponse:
    """Send the request on; raises ``ApiError`` 503 in the API server's words."""
    location = onward.location
    where = f"dial tcp {location.host}:{location.port}"
    try:
        route = await dialer.route(_NODE, location.host, location.port)
    except DroppedError as error:
        raise _unreached(f"{where}: i/o timeout") from error
    except DialError as error:
        raise _unreached(f"{where}: connect: connection refused") from error
    connector = _RouteConnector(route, _any_certificate() if location.tls else None)
    session = aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None), skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
    )  # fmt: skip
    async with session:
        try:
            return await _exchange(session, request, onward)
        except (aiohttp.ClientError, OSError) as error:
            # The library wraps what the handshake says.
            not_tls = isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)
            why = "tls: first record does not look like a TLS handshake" if not_tls else "EOF"
            raise _unreached(why) from error


def _unreached(why: str) -> Exception:
    return unavailable(f"error trying to reach service: {why}")


def _any_certificate() -> ssl.SSLContext:
    # The API server's transport to pods and services does not verify (InsecureSkipVerify).
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _exchange(session: aiohttp.ClientSession, request: web.Request, onward: Onward) -> web.StreamResponse:
    location = onward.location
    body = request.content if request.can_read_body else None
    # The scheme of this URL is for the library only; TLS is the connector's matter.
    url = URL(f"http://{location.host}:{location.port}{onward.path}", encoded=True)
    async with session.request(
        request.method, url, headers=_request_headers(request, onward), data=body, allow_redirects=False
    ) as answer:
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
        hosts = (f"{location.host}:{location.port}", request.host)
        if "Location" in answer.headers:
            moved = rewritten(answer.headers["Location"], onward.prefix, hosts)
            headers = [(name, moved if name.lower() == "location" else value) for name, value in headers]
        elif _is_page(answer.headers):
            return await _page(answer, headers, onward, hosts)
        return await _stream(request, answer, headers)


def _request_headers(request: web.Request, onward: Onward) -> list[tuple[str, str]]:
    dropped = _HOP_BY_HOP | _PRIVATE | {"content-length"}
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in dropped]
    if request.content_length is not None and request.can_read_body:
        headers.append(("Content-Length", str(request.content_length)))
    peer = request.remote or "127.0.0.1"
    known = request.headers.get("X-Forwarded-For")
    headers = [(name, value) for name, value in headers if name.lower() != "x-forwarded-for"]
    headers.append(("X-Forwarded-For", f"{known}, {peer}" if known else peer))
    headers.append(("X-Forwarded-Uri", onward.prefix.rstrip("/") + onward.path.partition("?")[0]))
    return headers


def _is_page(headers: Mapping[str, str]) -> bool:
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    length = headers.get("Content-Length", "0")
    small = length.isdigit() and int(length) <= _LARGEST_PAGE
    return kind == "text/html" and "Content-Encoding" not in headers and small


async def _page(
    answer: aiohttp.ClientResponse, headers: list[tuple[str, str]], onward: Onward, hosts: tuple[str, ...]
) -> web.StreamResponse:
    page = rewritten_page((await answer.read()).decode("latin-1"), onward.prefix, hosts).encode("latin-1")
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    response = web.Response(status=answer.status, reason=answer.reason, body=page)
    response.headers.clear()
    response.headers.extend(kept)
    return response


async def _stream(
    request: web.Request, answer: aiohttp.ClientResponse, headers: list[tuple[str, str]]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    response.headers.extend(headers)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response
