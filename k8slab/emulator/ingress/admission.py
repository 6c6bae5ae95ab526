"""The webhook's door: nginx ends TLS and passes the request on to a unix socket, where this answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from k8slab.emulator.ingress.options import Options
from k8slab.emulator.ingress.watching import Watched
from k8slab.emulator.ingress.webhook import refusal, review, warnings
from k8slab.kube.objects import name_of, namespace_of

_LARGEST = 9 << 20


class AdmissionServer:
    """Answers AdmissionReviews, one HTTP/1.0 request a connection."""

    def __init__(self, watched: Watched, options: Options, tell: Callable[[str, str, str], None]) -> None:
        self._watched = watched
        self._options = options
        self._tell = tell
        self._server: asyncio.Server | None = None

    async def start(self, path: str) -> None:
        """Listen on a unix socket."""
        self._server = await asyncio.start_unix_server(self._serve, path)

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lengths = [
                line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length:")
            ]
            body = await reader.readexactly(min(int(lengths[0]), _LARGEST))
            writer.write(_answer(200, self._reviewed(json.loads(body))))
        except (ValueError, IndexError, asyncio.IncompleteReadError):
            writer.write(_answer(400, b"not an AdmissionReview"))
        finally:
            writer.close()

    def _reviewed(self, asked: dict[str, object]) -> bytes:
        request = asked.get("request")
        if not isinstance(request, dict):
            raise ValueError("no request")  # noqa: TRY004 - one kind of error for everything malformed
        ingress = request.get("object") or {}
        ingress.setdefault("metadata", {}).setdefault("namespace", request.get("namespace", ""))
        classes, configuration = self._watched.classes(), self._watched.configuration()
        reviewer = self._watched.reviewer(configuration)
        message = refusal(
            ingress, self._watched.ingresses(), classes, reviewer, catch_all=not self._options.disable_catch_all
        )
        if not message:
            where = f"{namespace_of(ingress)}/{name_of(ingress)}"
            self._tell("I", "main.go:107", f'"successfully validated configuration, accepting" ingress="{where}"')
        return json.dumps(review(request, message, warnings(ingress, classes, configuration))).encode()


def _answer(code: int, body: bytes) -> bytes:
    head = f"HTTP/1.0 {code} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
