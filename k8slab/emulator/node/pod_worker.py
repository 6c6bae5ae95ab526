"""One pod on this node: its containers in order, its status, its end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime

from k8slab.clock import Clock
from k8slab.emulator.api import Api, DeleteOptions, Fabric, Preconditions
from k8slab.emulator.machinery.events import EventKind, EventRecorder
from k8slab.emulator.node.container import ContainerLife
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.lifecycle.status import PodFacts, pod_phase, pod_status
from k8slab.emulator.node.logs import RunLog
from k8slab.emulator.node.runtime import Runtime
from k8slab.emulator.node.volumes.content import VolumeError
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import PODS
from k8slab.kube.status import ApiError

_NOT_FOUND, _CONFLICT = 404, 409
_STATUS_RETRY_SECONDS = 0.05
_MOUNT_RETRY_SECONDS = 0.5
_MOUNT_RETRY_MOST_SECONDS = 122.0
_VOLUME_SYNC_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What every pod's worker uses."""

    api: Api
    fabric: Fabric
    clock: Clock
    events: EventRecorder
    runtime: Runtime
    address: str


class PodWorker:
    """Brings one pod to life and to its end. ``pod`` is replaced by newer versions through ``updated``."""

    def __init__(self, parts: NodeParts, pod: Obj) -> None:
        self._parts = parts
        self.pod = pod
        self._started: datetime = parts.clock.now()
        self._address = ""
        self.init: dict[str, ContainerLife] = {}
        self.main: dict[str, ContainerLife] = {}
        self._dirty = asyncio.Event()
        self._deleting = asyncio.Event()
        self._volumes = parts.runtime.volumes(pod)
        self._volumes_changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def lives(self) -> dict[str, ContainerLife]:
        """Return all containers by name."""
        return {**self.init, **self.main}

    def updated(self, pod: Obj) -> None:
        """Take a newer version of the pod."""
        self.pod = pod
        if is_deleting(pod):
            self._deleting.set()

    async def run(self) -> None:
        """Live until the pod is deleted."""
        self._prepare()
        status = asyncio.create_task(self._write_statuses())
        self._running = asyncio.create_task(self._run_containers())
        try:
            await self._deleting.wait()
            await self._terminate()
        finally:
            for task in (self._running, status):
                task.cancel()
            await asyncio.gather(self._running, status, return_exceptions=True)
            self._parts.fabric.detach(uid_of(self.pod))
        await self._finish()

    def _prepare(self) -> None:
        if is_deleting(self.pod):
            self._deleting.set()
        pod = self.pod
        self._address = self._parts.fabric.attach(uid_of(pod), namespace_of(pod), name_of(pod))
        spec = pod["spec"]
        policy = str(spec.get("restartPolicy", "Always"))
        before = {entry["name"]: entry for entry in dig(pod, "status", "containerStatuses", default=[])}
        for container in spec.get("initContainers") or []:
            once = "Never" if policy == "Never" else "OnFailure"
            self.init[container["name"]] = self._life(container, once, "initContainers", None)
        for container in spec["containers"]:
            self.main[container["name"]] = self._life(container, policy, "containers", before.get(container["name"]))

    def _life(self, container: Obj, policy: str, field: str, before: Obj | None) -> ContainerLife:
        path = f"spec.{field}{{{container['name']}}}"

        def tell(kind: str, reason: str, message: str) -> None:
            word: EventKind = "Warning" if kind == "Warning" else "Normal"
            self._parts.events.event(self.pod, word, reason, message, path)

        return ContainerLife(
            pod=self.pod, container=container, address=self._address, runtime=self._parts.runtime,
            dialer=self._parts.fabric, clock=self._parts.clock, policy=policy, tell=tell, changed=self._dirty.set,
            record=self._restored(container, before), log=RunLog(self._parts.clock),
        )  # fmt: skip

    def _restored(self, container: Obj, before: Obj | None) -> ContainerRecord:
        """Return a new record; one that the cluster's own restart ended counts that as a restart."""
        waiting = "PodInitializing" if self.pod["spec"].get("initContainers") else "ContainerCreating"
        record = ContainerRecord(container["name"], str(container.get("image", "")), reason=waiting)
        if before is None or not (before.get("containerID") and dig(before, "state", "running") is not None):
            return record
        now = self._parts.clock.now()
        ended = ContainerRecord(
            record.name, record.image, container_id=before["containerID"], image_id=before.get("imageID", ""),
            restart_count=int(before.get("restartCount") or 0), started_at=now,
        ).terminated(255, now, "Unknown")  # fmt: skip
        return ended.waiting(waiting)

    async def _mounted(self) -> None:
        """Make the volumes; try again, as the kubelet does, until all are there."""
        pause = _MOUNT_RETRY_SECONDS
        while True:
            self._volumes_changed.clear()
            try:
                await self._volumes.make(self.pod)
            except VolumeError as error:
                self._parts.events.event(self.pod, "Warning", "FailedMount", str(error))
                await self._change_or_time(pause)
                pause = min(2 * pause, _MOUNT_RETRY_MOST_SECONDS)
            else:
                return

    async def _change_or_time(self, seconds: float) -> None:
        waits = [
            asyncio.create_task(self._volumes_changed.wait()),
            asyncio.create_task(self._parts.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _follow_volumes(self) -> None:
        """Show what changes in ConfigMaps, Secrets and tokens while the pod runs."""
        while True:
            await self._change_or_time(_VOLUME_SYNC_SECONDS)
            self._volumes_changed.clear()
            with contextlib.suppress(VolumeError):
                await self._volumes.make(self.pod)

    def volumes_changed(self) -> None:
        """Take note that something which the pod mounts has changed."""
        self._volumes_changed.set()

    async def _run_containers(self) -> None:
        await self._mounted()
        following = asyncio.create_task(self._follow_volumes())
        try:
            await self._run_in_order()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _run_in_order(self) -> None:
        for life in self.init.values():
            await life.run()
            if life.record.exit_code:
                return
        self._dirty.set()
        await asyncio.gather(*(life.run() for life in self.main.values()))

    # --- status ---

    async def _write_statuses(self) -> None:
        self._dirty.set()
        while True:
            await self._dirty.wait()
            # All changes of this turn of the loop make one write.
            await asyncio.sleep(0)
            self._dirty.clear()
            await self._write_status()

    async def _write_status(self) -> None:
        status = self._status()
        if _same(self.pod.get("status") or {}, status):
            return
        try:
            self.pod = await self._parts.api.patch(
                PODS, namespace_of(self.pod), name_of(self.pod),
                {"metadata": {"uid": uid_of(self.pod)}, "status": status}, subresource="status",
            )  # fmt: skip
        except ApiError as error:
            if error.code == _NOT_FOUND:
                self._deleting.set()
            elif error.code == _CONFLICT:
                await self._parts.clock.sleep(_STATUS_RETRY_SECONDS)
                self._dirty.set()
            else:
                raise

    def _status(self) -> Obj:
        facts = PodFacts(self._parts.address, self._address, self._started)
        known = dig(self.pod, "status", "startTime")
        if known:
            facts = PodFacts(self._parts.address, self._address, datetime.fromisoformat(known))
        init = {name: life.record for name, life in self.init.items()}
        main = {name: life.record for name, life in self.main.items()}
        return pod_status(self.pod, init, main, facts, self._parts.clock.now())

    # --- the end ---

    async def _terminate(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        grace = float(dig(self.pod, "metadata", "deletionGracePeriodSeconds", default=30))
        lives = [life for life in (*self.init.values(), *self.main.values()) if life.running is not None]
        for life in lives:
            life.tell("Normal", "Killing", f"Stopping container {life.container['name']}")
        await asyncio.gather(*(self._end(life, grace) for life in lives))

    async def _end(self, life: ContainerLife, grace: float) -> None:
        running = life.running
        if running is None:
            return
        await life.stop(grace)
        code = await running.wait()
        life.running = None
        life.log.end()
        life.record = life.record.terminated(code, self._parts.clock.now())
        self._dirty.set()

    async def _finish(self) -> None:
        pod = self.pod
        options = DeleteOptions(grace_period_seconds=0, preconditions=Preconditions(uid=uid_of(pod)))
        try:
            await self._parts.api.delete(PODS, namespace_of(pod), name_of(pod), options)
        except ApiError as error:
            if error.code not in (_NOT_FOUND, _CONFLICT):
                raise

    async def abandon(self) -> None:
        """End the programs without telling the API: the node stops, its pods stay."""
        lives = (*self.init.values(), *self.main.values())
        await asyncio.gather(*(life.stop(0.2) for life in lives), return_exceptions=True)

    @property
    def over(self) -> bool:
        """Tell whether the pod has run to its end."""
        init = [life.record for life in self.init.values()]
        main = [life.record for life in self.main.values()]
        return pod_phase(self.pod["spec"], init, main) in ("Succeeded", "Failed")


def _same(before: Obj, after: Obj) -> bool:
    return {key: before.get(key) for key in after} == after
