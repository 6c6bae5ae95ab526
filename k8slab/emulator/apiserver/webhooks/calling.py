"""Sends an AdmissionReview over TLS, through the cluster's network or to a URL."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from k8slab.emulator.api import Dialer, DroppedError, NoSuchHostError, RefusedError, Source
from k8slab.kube.objects import Obj

_GATEWAY = Source("10.244.0.1")
_LARGEST_ANSWER = 3 << 20


class WebhookCallError(Exception):
    """A webhook gave no usable answer; the text is what follows ``failed calling webhook "NAME": ``."""


class NoServiceError(Exception):
    """The Service that a webhook names cannot be called; the text says why, as the API server's resolver does."""


# Returns the address and port that a Service's port stands for; raises ``NoServiceError``.
Locate = Callable[[Obj], str]


async def call(dialer: Dialer, webhook: Obj, locate: Locate, review: Obj, *, mutating: bool) -> Obj:
    """Return the answering AdmissionReview's response; raises ``WebhookCallError`` in Go's words."""
    try:
        status, body = await _called(dialer, webhook, locate, review)
        answer = _decoded(status, body)
    except _NotCalledError as error:
        raise WebhookCallError(f"failed to call webhook: {error}") from error
    return _verified(answer, str(review["request"]["uid"]), mutating=mutating)


class _NotCalledError(Exception):
    pass


async def _called(dialer: Dialer, webhook: Obj, locate: Locate, review: Obj) -> tuple[int, bytes]:
    config = webhook.get("clientConfig") or {}
    seconds = int(webhook.get("timeoutSeconds") or 10)
    url = _url(config)
    shown = f'Post "{url}?timeout={seconds}s"'
    address = urlsplit(url).netloc if urlsplit(url).port else f"{urlsplit(url).hostname}:443"
    try:
        address = locate(config["service"]) if config.get("service") else address
        async with asyncio.timeout(seconds):
            return await _post(dialer, config, f"{url}?timeout={seconds}s", json.dumps(review).encode())
    except NoServiceError as error:
        raise _NotCalledError(f"{shown}: {error}") from error
    except TimeoutError as error:
        raise _NotCalledError(f"{shown}: context deadline exceeded") from error
    except (RefusedError, ConnectionRefusedError) as error:
        raise _NotCalledError(f"{shown}: dial tcp {address}: connect: connection refused") from error
    except socket.gaierror as error:
        host = urlsplit(url).hostname
        raise _NotCalledError(f"{shown}: dial tcp: lookup {host}: no such host") from error
    except (NoSuchHostError, DroppedError) as error:
        raise _NotCalledError(f"{shown}: {error}") from error
    except ssl.SSLCertVerificationError as error:
        raise _NotCalledError(f"{shown}: tls: failed to verify certificate: x509: {_reason(error)}") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise _NotCalledError(f"{shown}: EOF") from error


def _reason(error: ssl.SSLCertVerificationError) -> str:
    if "Hostname mismatch" in error.verify_message:
        return f"certificate is not valid for any names, but wanted to match {error.verify_message.split(chr(39))[1]}"
    return "certificate signed by unknown authority"


def _url(config: Obj) -> str:
    service = config.get("service")
    if service is None:
        return str(config.get("url", ""))
    path = "/" + str(service.get("path") or "").lstrip("/")
    return f"https://{service['name']}.{service['namespace']}.svc:{service.get('port', 443)}{path}"


def _context(config: Obj) -> ssl.SSLContext:
    bundle = base64.b64decode(config.get("caBundle") or "").decode(errors="replace")
    return ssl.create_default_context(cadata=bundle) if bundle.strip() else ssl.create_default_context()


async def _post(dialer: Dialer, config: Obj, url: str, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        context = _context(config)
    except (ssl.SSLError, ValueError) as error:
        raise _NotCalledError(f"unable to load root certificates: {error}") from error
    if config.get("service") is None:
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    else:
        route = await dialer.route(_GATEWAY, host, port)
        reader, writer = await asyncio.open_unix_connection(route.socket_path)
        writer.write(route.preamble)
        await writer.start_tls(context, server_hostname=host)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: kube-apiserver-admission\r\n"
            f"Content-Type: application/json\r\nAccept: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return await _read(reader)
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    status = int(head[0].split(" ")[1])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return status, await _chunks(reader)
    if "content-length" in headers:
        return status, await reader.readexactly(min(int(headers["content-length"]), _LARGEST_ANSWER))
    return status, await reader.read(_LARGEST_ANSWER)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    made = b""
    while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
        made += await reader.readexactly(min(size, _LARGEST_ANSWER))
        await reader.readline()
    return made


def _decoded(status: int, body: bytes) -> Any:
    """Return what came back; raises ``_NotCalledError`` for anything but a success, in client-go's words."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        found = None
    if 200 <= status < 300:  # noqa: PLR2004 - a success
        if not isinstance(found, dict):
            text = "couldn't get version/kind; json parse error: invalid character looking for beginning of value"
            raise _NotCalledError(text)
        return found
    if isinstance(found, dict) and found.get("kind") == "Status" and found.get("message"):
        raise _NotCalledError(str(found["message"]))
    raise _NotCalledError(_ANSWERS.get(status) or _on_the_server(body))


# k8s.io/apimachinery/pkg/api/errors: NewGenericServerResponse
_ANSWERS = {
    401: "the server has asked for the client to provide credentials",
    403: "the server does not allow access to the requested resource",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
}


def _on_the_server(body: bytes) -> str:
    text = json.dumps(body.decode(errors="replace").strip()[:2048] or "unknown", ensure_ascii=False)
    return f"an error on the server ({text}) has prevented the request from succeeding"


def _verified(answer: Any, uid: str, *, mutating: bool) -> Obj:
    """Return the response; raises ``WebhookCallError`` for one that cannot be believed (VerifyAdmissionResponse)."""
    response = answer.get("response")
    if not isinstance(response, dict):
        raise WebhookCallError("received invalid webhook response: webhook response was absent")
    wrong = next(_faults(answer, response, uid, mutating=mutating), None)
    if wrong is not None:
        raise WebhookCallError(f"received invalid webhook response: {wrong}")
    return response


def _faults(answer: Obj, response: Obj, uid: str, *, mutating: bool) -> Iterator[str]:
    if response.get("uid") != uid:
        yield f'expected response.uid="{uid}", got "{response.get("uid", "")}"'
    found = f"{answer.get('apiVersion', '')}, Kind={answer.get('kind', '')}"
    if found != "admission.k8s.io/v1, Kind=AdmissionReview":
        yield f"expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {found}"
    patch, kind = response.get("patch"), response.get("patchType")
    if not mutating:
        yield from ("validating webhook may not return response.patch",) if patch else ()
        yield from ("validating webhook may not return response.patchType",) if kind else ()
    elif patch and not kind:
        yield "webhook returned response.patch but not response.patchType"
    elif kind and not patch:
        yield "webhook returned response.patchType but not response.patch"
    elif kind and kind != "JSONPatch":
        yield f'webhook returned invalid response.patchType of "{kind}"'
