"""Controllers before v1.0: they ask for an API that no cluster of today has, and never become ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerLog, ContainerSpec, ExecRequest, ExecStreams
from k8slab.emulator.ingress.log import ControllerLog
from k8slab.emulator.ingress.slots import Slots

_SOURCE = "k8s.io/client-go@v0.20.2/tools/cache/reflector.go:167"
_MISSING = "the server could not find the requested resource"
_FAILED = f"Failed to watch *v1beta1.Ingress: failed to list *v1beta1.Ingress: {_MISSING}"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.8, 30.0


class LegacyContainer:
    """Lists Ingresses of networking.k8s.io/v1beta1 for ever; nginx is never started, so no probe is ever answered."""

    def __init__(self, spec: ContainerSpec, log: ContainerLog, clock: Clock) -> None:
        self._log = ControllerLog(log, clock, Slots(Path(spec.root)), spec.root)
        self._clock = clock
        self._log.banner(spec.image)
        self._running = asyncio.create_task(self._list())

    async def _list(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._log.line("E", "reflector.go:138", f"{_SOURCE}: {_FAILED}")
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def wait(self) -> int:
        """Return the exit code when it is ended."""
        await asyncio.wait([self._running])
        return 0

    async def stop(self, grace_seconds: float) -> None:  # noqa: ARG002 - nothing to drain
        """End it."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Refuse: there is nothing to see in it."""
        await streams.write_stderr(f'exec: "{request.command[0]}": executable file not found in $PATH\n'.encode())
        return 126
