"""The probes of one container run, and what follows from their results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from k8slab.clock import Clock
from k8slab.emulator.api import Dialer
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.probes import Outcome, ProbeLoop, ProbeTarget
from k8slab.kube.objects import Obj


class Probed(Protocol):
    """The container that is probed."""

    container: Obj
    record: ContainerRecord
    clock: Clock
    dialer: Dialer

    def tell(self, kind: str, reason: str, message: str) -> None:
        """Record an event."""
        ...

    def show(self, *, ready: bool, started: bool) -> None:
        """Take what the probes found."""
        ...

    def grace(self) -> float:
        """Return the pod's grace period in seconds."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """End the program."""
        ...


class ContainerProbes:
    """Runs the startup probe first, then readiness and liveness together, until cancelled."""

    def __init__(self, life: Probed, target: ProbeTarget) -> None:
        self._life = life
        self._target = target
        self._killing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Probe for ever."""
        container, life = self._life.container, self._life
        if container.get("startupProbe"):
            await self._loop(container["startupProbe"], "Startup", self._startup, once=True)
        async with asyncio.TaskGroup() as group:
            if container.get("readinessProbe"):
                group.create_task(self._loop(container["readinessProbe"], "Readiness", self._ready))
            if container.get("livenessProbe"):
                group.create_task(self._loop(container["livenessProbe"], "Liveness", self._alive("liveness")))
            if life.record.started and not container.get("readinessProbe"):
                life.show(ready=True, started=True)

    async def _loop(self, probe: Obj, word: str, changed: Callable[[bool], None], *, once: bool = False) -> None:
        def failed(outcome: Outcome) -> None:
            verb = "errored and resulted in unknown state" if outcome.unknown else "failed"
            self._life.tell("Warning", "Unhealthy", f"{word} probe {verb}: {outcome.problem}")

        await ProbeLoop(probe, self._life.clock, changed, failed, once).run(self._target, self._life.dialer)

    def _ready(self, ready: bool) -> None:
        self._life.show(ready=ready, started=self._life.record.started)

    def _startup(self, started: bool) -> None:
        if not started:
            self._alive("startup")(False)
            return
        self._life.show(ready=not self._life.container.get("readinessProbe"), started=True)

    def _alive(self, word: str) -> Callable[[bool], None]:
        def changed(alive: bool) -> None:
            if alive or self._killing is not None:
                return
            life = self._life
            name, probe = life.container["name"], life.container.get(f"{word}Probe") or {}
            life.tell("Normal", "Killing", f"Container {name} failed {word} probe, will be restarted")
            own = probe.get("terminationGracePeriodSeconds")
            self._killing = asyncio.create_task(life.stop(life.grace() if own is None else float(own)))

        return changed
