"""Refusals before an upgrade, in plain text as the kubelet and net/http write them."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web


def text_error(code: int, message: str) -> web.Response:
    """Return an answer with a message only."""
    return web.Response(status=code, text=message, content_type="text/plain", charset="utf-8")


def socket_refused() -> web.Response:
    """Return what golang.org/x/net/websocket answers when no subprotocol fits."""
    return web.Response(status=403, headers={"Connection": "close"})


def protocol_refused(offered: Sequence[str], accepted: Sequence[str]) -> web.Response:
    """Return the refusal of a SPDY protocol (k8s.io/apimachinery/pkg/util/httpstream: Handshake)."""
    line = (
        f"unable to upgrade: unable to negotiate protocol: client supports [{' '.join(offered)}], "
        f"server accepts [{' '.join(accepted)}]\n"
    )
    response = text_error(403, line)
    for name in accepted:
        response.headers.add("X-Accepted-Stream-Protocol-Versions", name)
    return response
