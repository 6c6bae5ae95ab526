"""The containers of one pod in their order: init containers one by one, sidecars beside them, then all others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from k8slab.clock import Clock
from k8slab.emulator.node.container import ContainerLife
from k8slab.emulator.node.lifecycle.records import ContainerRecord

_LEAST_GRACE_SECONDS = 2.0


class PodRun:
    """Starts and ends the containers; the dictionaries are in the order of the manifest."""

    def __init__(self, init: dict[str, ContainerLife], main: dict[str, ContainerLife], clock: Clock) -> None:
        self.init = init
        self.main = main
        self.ephemeral: dict[str, ContainerLife] = {}
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()

    def lives(self) -> dict[str, ContainerLife]:
        """Return all containers by name."""
        return {**self.init, **self.main, **self.ephemeral}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def start(self) -> None:
        """Run until all containers but the sidecars are over, then end those; cancelled, leave programs running."""
        try:
            if await self._initialize():
                running = []
                for life in self.main.values():
                    running.append(self._spawn(life.run()))
                    # The kubelet starts one after the other, each with its postStart hook.
                    await self._either(life.begun, running[-1])
                await asyncio.gather(*running)
            await self._end_sidecars(None)
        finally:
            await self.cancel()

    async def _initialize(self) -> bool:
        """Run the init containers; tell whether the others may start."""
        for life in self.init.values():
            if life.role == "sidecar":
                await self._either(life.started, self._spawn(life.run()))
                continue
            await life.run()
            if life.record.exit_code:
                return False
        return True

    async def _either(self, event: asyncio.Event, task: asyncio.Task[None]) -> None:
        waiting = asyncio.create_task(event.wait())
        try:
            await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def add_ephemeral(self, life: ContainerLife) -> None:
        """Start a container that was added to the running pod."""
        self.ephemeral[life.container["name"]] = life
        self._spawn(life.run())

    async def cancel(self) -> None:
        """Stop looking after the containers; their programs go on."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def terminate(self, grace_seconds: float) -> None:
        """End everything: sidecars after the others, the last one first."""
        began = self._clock.monotonic()
        lives = [life for life in self.lives().values() if life.role != "sidecar"]
        await asyncio.gather(*(life.terminate(grace_seconds) for life in lives))
        used = self._clock.monotonic() - began
        await self._end_sidecars(max(min(_LEAST_GRACE_SECONDS, grace_seconds), grace_seconds - used))

    async def _end_sidecars(self, grace_seconds: float | None) -> None:
        for life in reversed(self.init.values()):
            if life.role == "sidecar":
                life.policy = "Never"
                await life.terminate(life.grace() if grace_seconds is None else grace_seconds)

    async def abandon(self, grace_seconds: float) -> None:
        """End the programs without hooks and without telling."""
        running = [life.running for life in self.lives().values() if life.running is not None]
        await asyncio.gather(*(entry.stop(grace_seconds) for entry in running), return_exceptions=True)

    def records(self, field: str) -> dict[str, ContainerRecord]:
        """Return what is known of the containers of ``init``, ``main`` or ``ephemeral``."""
        lives: dict[str, ContainerLife] = getattr(self, field)
        return {name: life.record for name, life in lives.items()}
