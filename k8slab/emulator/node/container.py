"""One container over its whole life: pull, start, hooks, probes, end, back off, start again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerSpec, Dialer, RunningContainer, StartError
from k8slab.emulator.node.catalogue.images import Image
from k8slab.emulator.node.container_probes import ContainerProbes
from k8slab.emulator.node.environment import ConfigError
from k8slab.emulator.node.hooks import HookRunner, pod_words, within
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.lifecycle.restarts import BackOff, restarts
from k8slab.emulator.node.logs import RunLog
from k8slab.emulator.node.messages import prepare_message, termination_message
from k8slab.emulator.node.probes import ProbeTarget
from k8slab.emulator.node.pulling import ImagePuller
from k8slab.emulator.node.runtime import Runtime, container_id, named_ports
from k8slab.kube.objects import Obj, dig, uid_of

Told = Callable[[str, str, str], None]
Role = Literal["init", "sidecar", "main", "ephemeral"]
_CONFIG_PAUSE_SECONDS = 2.0
_START_ERROR_CODE = 128
# What a container that never ran shows as its start.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# However long a hook took, the program gets this much to end (kuberuntime: minimumGracePeriodInSeconds).
_LEAST_GRACE_SECONDS = 2.0


@dataclass(slots=True)
class ContainerLife:
    """Runs until its restart policy says that it is over, or until cancelled.

    ``told(kind, reason, message)`` records an event of this container; ``changed`` is called when ``record`` changes.
    ``begun`` is set when the first start is over, well or not; ``started`` when the startup probe has succeeded.
    """

    pod: Obj
    container: Obj
    role: Role
    address: str
    runtime: Runtime
    dialer: Dialer
    clock: Clock
    policy: str
    told: Told
    changed: Callable[[], None]
    record: ContainerRecord
    log: RunLog
    previous_log: RunLog | None = None
    running: RunningContainer | None = None
    # Whether a client has been attached to this run.
    attached: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    _spec: ContainerSpec | None = None
    _back_off: BackOff = field(default_factory=BackOff)

    async def run(self) -> None:
        """Start the container, and again as the policy says."""
        puller = ImagePuller(self.runtime, self.clock, self)
        while True:
            ran = await self._run_once(puller)
            self.begun.set()
            if not restarts(self.policy, self.record.exit_code):
                return
            pause = self._back_off.next(ran)
            if pause:
                await self._wait_out(pause)

    async def _wait_out(self, pause: float) -> None:
        who, name = pod_words(self.pod), self.container["name"]
        message = f"back-off {self._back_off.describe()} restarting failed container={name} pod={who}"
        self.wait_for("CrashLoopBackOff", message)
        self.tell("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {who}")
        await self.clock.sleep(pause)

    def tell(self, kind: str, reason: str, message: str) -> None:
        """Record an event."""
        self.told(kind, reason, message)

    def wait_for(self, reason: str, message: str) -> None:
        """Show the container as waiting."""
        self.set(self.record.waiting(reason, message))

    def set(self, record: ContainerRecord) -> None:
        """Take a new state."""
        if record != self.record:
            self.record = record
            self.changed()

    def show(self, *, ready: bool, started: bool) -> None:
        """Take what the probes found."""
        if started:
            self.started.set()
        self.set(replace(self.record, ready=ready, started=started))

    # --- one run ---

    async def _run_once(self, puller: ImagePuller) -> float:
        image, program, image_id = await puller.pull(self.container)
        self._fresh_log()
        began = self.clock.monotonic()
        self._spec = await self._configured(image)
        prepare_message(self._spec, self.container)
        self.tell("Normal", "Created", f"Created container: {self.container['name']}")
        try:
            self.running = await program.start(self._spec, self.log)
        except StartError as error:
            return self._not_started(str(error), image_id)
        self.tell("Normal", "Started", f"Started container {self.container['name']}")
        now = self.clock.now()
        problem = await self._post_start()
        self.set(self.record.running(self._identity(), image_id, now))
        if problem:
            await self._hook_failed(problem)
        else:
            started = not self.container.get("startupProbe")
            self.show(ready=started and not self.container.get("readinessProbe"), started=started)
            self.begun.set()
            await self._until_end()
        return self.clock.monotonic() - began

    def _identity(self) -> str:
        return container_id(uid_of(self.pod), self.container["name"], self.record.restart_count)

    def _fresh_log(self) -> None:
        if self.record.phase == "terminated" or self.record.previous is not None:
            self.previous_log, self.log = self.log, RunLog(self.clock)
            self.attached = False

    def _not_started(self, message: str, image_id: str) -> float:
        self.log.end()
        self.tell("Warning", "Failed", f"Error: {message}")
        record = self.record.running(self._identity(), image_id, _NEVER)
        self.set(record.terminated(_START_ERROR_CODE, self.clock.now(), "StartError", message))
        if restarts(self.policy, _START_ERROR_CODE):
            self.wait_for("RunContainerError", message)
        return 0.0

    async def _configured(self, image: Image) -> ContainerSpec:
        while True:
            try:
                return await self.runtime.spec(self.pod, self.container, image, self.address)
            except ConfigError as error:
                self.wait_for("CreateContainerConfigError", str(error))
                self.tell("Warning", "Failed", f"Error: {error}")
                await self.clock.sleep(_CONFIG_PAUSE_SECONDS)

    def _target(self, running: RunningContainer) -> ProbeTarget:
        return ProbeTarget(self.address, named_ports(self.container), running)

    async def _until_end(self) -> None:
        running = self.running
        if running is None:
            return
        probing = asyncio.create_task(ContainerProbes(self, self._target(running)).run())
        try:
            code = await running.wait()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
        self.ended(code)

    def ended(self, code: int) -> None:
        """Take note of the program's end (of which two may hear)."""
        if self.running is None:
            return
        self.running = None
        self.log.end()
        message = termination_message(self._spec, self.container, self.log, code) if self._spec else ""
        self.set(self.record.terminated(code, self.clock.now(), message=message))

    # --- hooks and the end ---

    def _hooks(self, running: RunningContainer) -> HookRunner:
        return HookRunner(self.pod, self.container, self._target(running), self.dialer, self.clock)

    async def _post_start(self) -> str:
        handler = dig(self.container, "lifecycle", "postStart")
        if not handler or self.running is None:
            return ""
        return await self._hooks(self.running).run(handler)

    async def _hook_failed(self, problem: str) -> None:
        self.tell("Warning", "FailedPostStartHook", "PostStartHook failed")
        self.tell("Normal", "Killing", "FailedPostStartHook")
        running = self.running
        if running is not None:
            await self.stop(self.grace())
            self.ended(await running.wait())
        if restarts(self.policy, self.record.exit_code):
            self.wait_for("PostStartHookError", problem)

    def grace(self) -> float:
        """Return the pod's own grace period in seconds."""
        given = self.pod["spec"].get("terminationGracePeriodSeconds")
        return float(30 if given is None else given)

    async def stop(self, grace_seconds: float) -> None:
        """Run the preStop hook, then ask the program to end; by force after the grace period."""
        running, handler = self.running, dig(self.container, "lifecycle", "preStop")
        if running is None:
            return
        left = grace_seconds
        if handler and grace_seconds > 0:
            began = self.clock.monotonic()
            work = asyncio.create_task(self._hooks(running).run(handler))
            if await within(grace_seconds, self.clock, work):
                self.tell("Warning", "FailedPreStopHook", "PreStopHook failed")
            left = max(_LEAST_GRACE_SECONDS, grace_seconds - (self.clock.monotonic() - began))
        await running.stop(left)

    async def terminate(self, grace_seconds: float) -> None:
        """End the container for good."""
        running = self.running
        if running is None:
            return
        self.tell("Normal", "Killing", f"Stopping container {self.container['name']}")
        await self.stop(grace_seconds)
        self.ended(await running.wait())
