"""HTTPS on loopback; the port stays the same over restarts when it is free."""

from __future__ import annotations

import errno
import ssl
from pathlib import Path

from aiohttp import web

from k8slab.emulator.apiserver.app import build_app
from k8slab.emulator.apiserver.pki import write_private
from k8slab.emulator.apiserver.services import Services
from k8slab.errors import ClusterError

_HOST = "127.0.0.1"


class HttpsServer:
    """Serves the API; ``port_file`` remembers the port, ``wanted`` demands one."""

    def __init__(self, services: Services, tls: ssl.SSLContext, port_file: Path, wanted: int | None = None) -> None:
        self._services = services
        self._tls = tls
        self._port_file = port_file
        self._wanted = wanted
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen and return the URL; raises ``ClusterError`` when a demanded port is taken."""
        # Clients with open watches must not hold up a stop.
        self._runner = web.AppRunner(build_app(self._services), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        port = await self._listen(self._runner)
        write_private(self._port_file, str(port).encode())
        return f"https://{_HOST}:{port}"

    async def _listen(self, runner: web.AppRunner) -> int:
        for port in self._candidates():
            site = web.TCPSite(runner, _HOST, port, ssl_context=self._tls, reuse_address=True)
            try:
                await site.start()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                if self._wanted is not None:
                    raise _taken(port) from error
                continue
            return int(runner.addresses[0][1])
        raise _taken(0)

    def _candidates(self) -> list[int]:
        if self._wanted is not None:
            return [self._wanted]
        try:
            return [int(self._port_file.read_text()), 0]
        except (OSError, ValueError):
            return [0]

    async def stop(self) -> None:
        """Stop listening and end the open connections."""
        if self._runner is not None:
            await self._runner.cleanup()


def _taken(port: int) -> ClusterError:
    return ClusterError(
        f"Port {port} of {_HOST} is already in use.",
        "Choose another one, or leave --port out: a free one is found then.",
    )
