"""Sends an AdmissionReview over TLS, through the cluster's network or to a URL."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from k8slab.emulator.api import Dialer, DroppedError, NoSuchHostError, RefusedError, Source
from k8slab.kube.objects import Obj

_GATEWAY = Source("10.244.0.1")
_LARGEST_ANSWER = 3 << 20


class WebhookCallError(Exception):
    """A webhook gave no answer; the text is what follows ``failed to call webhook: ``."""


async def call(dialer: Dialer, webhook: Obj, address: str, review: Obj) -> Obj:
    """Return the answering AdmissionReview's response; raises ``WebhookCallError`` in Go's words."""
    config = webhook.get("clientConfig") or {}
    seconds = int(webhook.get("timeoutSeconds") or 10)
    url = _url(config)
    shown = f'Post "{url}?timeout={seconds}s"'
    try:
        async with asyncio.timeout(seconds):
            status, body = await _post(dialer, config, f"{url}?timeout={seconds}s", json.dumps(review).encode())
    except TimeoutError as error:
        raise WebhookCallError(f"{shown}: context deadline exceeded") from error
    except (RefusedError, ConnectionRefusedError) as error:
        raise WebhookCallError(f"{shown}: dial tcp {address}: connect: connection refused") from error
    except (NoSuchHostError, DroppedError) as error:
        raise WebhookCallError(f"{shown}: {error}") from error
    except ssl.SSLCertVerificationError as error:
        raise WebhookCallError(f"{shown}: tls: failed to verify certificate: x509: {_reason(error)}") from error
    except (OSError, asyncio.IncompleteReadError) as error:
        raise WebhookCallError(f"{shown}: EOF") from error
    return _response(status, body)


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
        raise WebhookCallError(f"unable to load root certificates: {error}") from error
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


def _response(status: int, body: bytes) -> Obj:
    if not 200 <= status < 300:  # noqa: PLR2004 - a success
        raise WebhookCallError(
            f"an error on the server ({json.dumps(body.decode(errors='replace')[:200])}) "
            "has prevented the request from succeeding"
        )
    try:
        found: Any = json.loads(body)
        response = found["response"]
    except (ValueError, TypeError, KeyError) as error:
        raise WebhookCallError("the response is not an AdmissionReview") from error
    return dict(response)
