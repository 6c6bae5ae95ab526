"""An nginx that starts and ends at once: what it says, and the container that is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence

from k8slab.emulator.api import ContainerLog, ExecRequest, ExecStreams

# nginx tries five times to bind (ngx_open_listening_sockets).
_TRIES = 5
_PAUSE_SECONDS = 0.5


class PortTakenError(Exception):
    """Another container of the pod listens on these ports."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(f"ports {list(ports)} are taken")
        self.ports = ports


class Refusal:
    """Writes nginx's last words."""

    def __init__(self, log: ContainerLog) -> None:
        self._log = log

    def _say(self, level: str, text: str) -> None:
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime())
        lines = f"{stamp} [{level}] 1#1: {text}\n"
        # Before the configuration's own log is open, errors go to standard error too.
        lines += f"nginx: [{level}] {text}\n" if level == "emerg" else ""
        self._log.write("stderr", lines.encode())

    async def configuration(self, problem: str) -> None:
        """Refuse a configuration."""
        self._say("emerg", problem.removeprefix("[emerg] "))

    async def ports(self, ports: Sequence[int]) -> None:
        """Try to bind as often as nginx does, and give up."""
        for _ in range(_TRIES):
            for port in ports:
                for address in ("0.0.0.0", "[::]"):  # noqa: S104 - what nginx writes, nothing is bound
                    self._say("emerg", f"bind() to {address}:{port} failed (98: Address already in use)")
            self._say("notice", "try again to bind() after 500ms")
            await asyncio.sleep(_PAUSE_SECONDS)
        self._say("emerg", "still could not bind()")


class EndedContainer:
    """A container whose program only says something and ends."""

    def __init__(self, code: int, last_words: Coroutine[None, None, None]) -> None:
        self._code = code
        self._speaking = asyncio.ensure_future(last_words)

    async def wait(self) -> int:
        """Return the exit code when all is said."""
        await asyncio.wait([self._speaking])
        return self._code

    async def stop(self, grace_seconds: float) -> None:  # noqa: ARG002 - it ends by itself
        """Let it be silent."""
        self._speaking.cancel()

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:  # noqa: ARG002 - nothing runs here
        """Run nothing: the container is about to end."""
        return 137
