"""TLS over a connection of the pod's network, with curl's exit codes and messages."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from k8slab.emulator.node.host.context import Streams


@dataclass(frozen=True, slots=True)
class TlsError(Exception):
    """A handshake that failed, as curl numbers it."""

    code: int
    message: str


async def secured(streams: Streams, host: str, *, authorities: bytes | None, insecure: bool) -> Streams:
    """Return the streams with TLS; ``authorities`` are PEM certificates (None: those of the image).

    Raises ``TlsError``.
    """
    context = _context(authorities, insecure=insecure)
    try:
        await streams[1].start_tls(context, server_hostname=host, ssl_handshake_timeout=30)
    except ssl.SSLCertVerificationError as error:
        raise TlsError(60, _reason(error, host)) from error
    except (ssl.SSLError, OSError, asyncio.IncompleteReadError) as error:
        raise TlsError(35, "TLS connect error: error:0A00010B:SSL routines::wrong version number") from error
    return streams


def _context(authorities: bytes | None, *, insecure: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=authorities.decode("ascii", "replace") if authorities else None)
    except ssl.SSLError as error:
        raise TlsError(77, "error adding trust anchors from file") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    if "mismatch" in error.verify_message:
        return f"SSL: no alternative certificate subject name matches target host name '{host}'"
    return f"SSL certificate problem: {error.verify_message}"
