"""One container over its whole life: pull, start, probe, end, back off, start again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerSpec, Dialer, RunningContainer, StartError
from k8slab.emulator.node.catalogue.images import Image, PullError
from k8slab.emulator.node.environment import ConfigError
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.lifecycle.restarts import BackOff, restarts
from k8slab.emulator.node.logs import RunLog
from k8slab.emulator.node.probes import ProbeLoop, ProbeTarget
from k8slab.emulator.node.runtime import Runtime, container_id, named_ports
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of

Told = Callable[[str, str, str], None]


@dataclass(slots=True)
class ContainerLife:
    """Runs until its restart policy says that it is over, or until cancelled.

    ``tell(kind, reason, message)`` records an event of this container; ``changed`` is called when ``record`` changes.
    """

    pod: Obj
    container: Obj
    address: str
    runtime: Runtime
    dialer: Dialer
    clock: Clock
    policy: str
    tell: Told
    changed: Callable[[], None]
    record: ContainerRecord
    log: RunLog
    previous_log: RunLog | None = None
    running: RunningContainer | None = None
    # Whether a client has been attached to this run.
    attached: bool = False
    _back_off: BackOff = field(default_factory=BackOff)
    _pull_back_off: BackOff = field(default_factory=BackOff)
    _restart_now: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Start the container, and again as the policy says."""
        while True:
            ran = await self._run_once()
            if not restarts(self.policy, self.record.exit_code):
                return
            pause = self._back_off.next(ran)
            if pause:
                await self._wait_out(pause)

    async def _wait_out(self, pause: float) -> None:
        who = f"{name_of(self.pod)}_{namespace_of(self.pod)}({uid_of(self.pod)})"
        name = self.container["name"]
        message = f"back-off {self._back_off.describe()} restarting failed container={name} pod={who}"
        self._set(self.record.waiting("CrashLoopBackOff", message))
        self.tell("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {who}")
        await self.clock.sleep(pause)

    def _set(self, record: ContainerRecord) -> None:
        if record != self.record:
            self.record = record
            self.changed()

    async def _run_once(self) -> float:
        image, program_id = await self._pull()
        _, program, _ = self.runtime.find(self.container)
        await self._fresh_log()
        began = self.clock.monotonic()
        try:
            spec = await self._configured(image)
            self.tell("Normal", "Created", f"Created container: {self.container['name']}")
            self.running = await program.start(spec, self.log)
        except StartError as error:
            return self._not_started(str(error))
        identity = container_id(uid_of(self.pod), self.container["name"], self.record.restart_count)
        self.tell("Normal", "Started", f"Started container {self.container['name']}")
        started = not self.container.get("startupProbe")
        ready = started and not self.container.get("readinessProbe")
        record = self.record.running(identity, program_id, self.clock.now())
        self._set(_with(record, ready=ready, started=started))
        await self._until_end()
        return self.clock.monotonic() - began

    async def _fresh_log(self) -> None:
        if self.record.phase == "terminated" or self.record.previous is not None:
            self.previous_log, self.log = self.log, RunLog(self.clock)
            self.attached = False

    def _not_started(self, message: str) -> float:
        self.log.end()
        self.tell("Warning", "Failed", f"Error: {message}")
        record = self.record.running("", self.record.image_id, self.clock.now())
        self._set(record.terminated(128, self.clock.now(), "StartError", message))
        return 0.0

    async def _configured(self, image: Image) -> ContainerSpec:
        while True:
            try:
                return await self.runtime.spec(self.pod, self.container, image, self.address)
            except ConfigError as error:
                self._set(self.record.waiting("CreateContainerConfigError", str(error)))
                self.tell("Warning", "Failed", f"Error: {error}")
                await self.clock.sleep(2.0)

    async def _pull(self) -> tuple[Image, str]:
        name = str(self.container.get("image", ""))
        while True:
            try:
                image, _, found_id = self.runtime.find(self.container)
            except PullError as error:
                await self._not_pulled(name, error)
                continue
            if self.container.get("imagePullPolicy") == "Always":
                self.tell("Normal", "Pulling", f'Pulling image "{name}"')
                took = "1ms (1ms including waiting)"
                self.tell("Normal", "Pulled", f'Successfully pulled image "{name}" in {took}. Image size: 0 bytes.')
            else:
                self.tell("Normal", "Pulled", f'Container image "{name}" already present on machine')
            return image, found_id

    async def _not_pulled(self, name: str, error: PullError) -> None:
        if error.reason == "InvalidImageName":
            self._set(self.record.waiting(error.reason, str(error)))
            self.tell("Warning", "InspectFailed", str(error))
            self.tell("Warning", "Failed", "Error: InvalidImageName")
            await self.clock.sleep(10.0)
            return
        if self.container.get("imagePullPolicy") == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            self._set(self.record.waiting("ErrImageNeverPull", message))
            self.tell("Warning", "ErrImageNeverPull", message)
            self.tell("Warning", "Failed", "Error: ErrImageNeverPull")
            await self.clock.sleep(10.0)
            return
        self.tell("Normal", "Pulling", f'Pulling image "{name}"')
        self._set(self.record.waiting("ErrImagePull", str(error)))
        self.tell("Warning", "Failed", f'Failed to pull image "{name}": {error}')
        self.tell("Warning", "Failed", "Error: ErrImagePull")
        # The first look at the error; then the kubelet's next sync finds the back-off.
        self._pull_back_off.next(0.0)
        pause = max(10.0, self._pull_back_off.seconds)
        await self.clock.sleep(min(2.0, pause))
        self._set(self.record.waiting("ImagePullBackOff", f'Back-off pulling image "{name}": ErrImagePull: {error}'))
        self.tell("Normal", "BackOff", f'Back-off pulling image "{name}"')
        self.tell("Warning", "Failed", "Error: ImagePullBackOff")
        await self.clock.sleep(pause - min(2.0, pause))

    async def _until_end(self) -> None:
        running = self.running
        if running is None:
            return
        target = ProbeTarget(self.address, named_ports(self.container), running)
        probing = asyncio.create_task(self._probe(target))
        try:
            code = await running.wait()
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
        self.log.end()
        self.running = None
        self._set(self.record.terminated(code, self.clock.now()))

    async def _probe(self, target: ProbeTarget) -> None:
        startup = self.container.get("startupProbe")
        if startup:
            await self._loop(startup, "Startup", self._startup_changed, once=True).run(target, self.dialer)
        async with asyncio.TaskGroup() as group:
            if self.container.get("readinessProbe"):
                loop = self._loop(self.container["readinessProbe"], "Readiness", self._ready_changed)
                group.create_task(loop.run(target, self.dialer))
            if self.container.get("livenessProbe"):
                loop = self._loop(self.container["livenessProbe"], "Liveness", self._alive_changed("liveness"))
                group.create_task(loop.run(target, self.dialer))

    def _loop(self, probe: Obj, word: str, changed: Callable[[bool], None], *, once: bool = False) -> ProbeLoop:
        def failed(problem: str) -> None:
            self.tell("Warning", "Unhealthy", f"{word} probe failed: {problem}")

        return ProbeLoop(probe, self.clock, changed, failed, once)

    def _ready_changed(self, ready: bool) -> None:
        self._set(_with(self.record, ready=ready, started=self.record.started))

    def _startup_changed(self, started: bool) -> None:
        if not started:
            self._alive_changed("startup")(False)
            return
        self._set(_with(self.record, ready=not self.container.get("readinessProbe"), started=True))

    def _alive_changed(self, word: str) -> Callable[[bool], None]:
        def changed(alive: bool) -> None:
            if not alive and not self._restart_now.is_set():
                name = self.container["name"]
                self.tell("Normal", "Killing", f"Container {name} failed {word} probe, will be restarted")
                self._restart_now.set()
                self._stopping = asyncio.create_task(self._kill())

        return changed

    async def _kill(self) -> None:
        await self.stop(float(self.pod["spec"].get("terminationGracePeriodSeconds") or 30))
        self._restart_now.clear()

    async def stop(self, grace_seconds: float) -> None:
        """Ask the program to end; by force after the grace period."""
        if self.running is not None:
            await self.running.stop(grace_seconds)


def _with(record: ContainerRecord, *, ready: bool, started: bool) -> ContainerRecord:
    return replace(record, ready=ready, started=started)
