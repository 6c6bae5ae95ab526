"""One pod on this node: its containers in order, its status, its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k8slab.clock import Clock
from k8slab.emulator.api import Api, DeleteOptions, Fabric, Preconditions
from k8slab.emulator.machinery.events import EventKind, EventRecorder
from k8slab.emulator.node.container import ContainerLife, Role
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.lifecycle.status import PodFacts, PodRecords, pod_phase, pod_status
from k8slab.emulator.node.logs import RunLog
from k8slab.emulator.node.pod_run import PodRun
from k8slab.emulator.node.runtime import Runtime
from k8slab.emulator.node.volumes.content import VolumeError
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import PODS
from k8slab.kube.status import ApiError

_NOT_FOUND, _CONFLICT = 404, 409
_FIELDS: Mapping[Role, str] = {
    "init": "initContainers", "sidecar": "initContainers", "main": "containers", "ephemeral": "ephemeralContainers",
}  # fmt: skip
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
        # Kubernetes gives a pod its sandbox, and with it the address, when its volumes are there.
        self._sandboxed = False
        self.containers = PodRun({}, {}, parts.clock)
        self._dirty = asyncio.Event()
        self._deleting = asyncio.Event()
        self._updated = asyncio.Event()
        self._ended = ("", "")
        self._volumes = parts.runtime.volumes(pod)
        self._volumes_changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def updated(self, pod: Obj) -> None:
        """Take a newer version of the pod."""
        self.pod = pod
        self._updated.set()
        if is_deleting(pod):
            self._deleting.set()
        elif self._running is not None:
            self._add_ephemeral()

    async def run(self) -> None:
        """Live until the pod is deleted."""
        self._prepare()
        status = asyncio.create_task(self._write_statuses())
        self._running = asyncio.create_task(self._run_containers())
        deadline = asyncio.create_task(self._watch_deadline())
        self._add_ephemeral()
        try:
            await self._deleting.wait()
            await self._terminate()
        finally:
            for task in (self._running, status, deadline):
                task.cancel()
            await asyncio.gather(self._running, status, deadline, return_exceptions=True)
            await self.containers.cancel()
            self._parts.fabric.detach(uid_of(self.pod))
        await self._finish()

    def _prepare(self) -> None:
        if is_deleting(self.pod):
            self._deleting.set()
        pod = self.pod
        self._address = self._parts.fabric.attach(uid_of(pod), namespace_of(pod), name_of(pod))
        policy = str(pod["spec"].get("restartPolicy", "Always"))
        once = "Never" if policy == "Never" else "OnFailure"
        init = pod["spec"].get("initContainers") or []
        self.containers = PodRun(
            {entry["name"]: self._init_life(entry, once) for entry in init},
            {entry["name"]: self._life(entry, "main", policy) for entry in pod["spec"]["containers"]},
            self._parts.clock,
        )

    def _init_life(self, container: Obj, once: str) -> ContainerLife:
        sidecar = container.get("restartPolicy") == "Always"
        return self._life(container, "sidecar", "Always") if sidecar else self._life(container, "init", once)

    def _add_ephemeral(self) -> None:
        for container in self.pod["spec"].get("ephemeralContainers") or []:
            if container["name"] not in self.containers.ephemeral:
                self.containers.add_ephemeral(self._life(container, "ephemeral", "Never"))
                self._dirty.set()

    def _life(self, container: Obj, role: Role, policy: str) -> ContainerLife:
        path = f"spec.{_FIELDS[role]}{{{container['name']}}}"

        def tell(kind: str, reason: str, message: str) -> None:
            word: EventKind = "Warning" if kind == "Warning" else "Normal"
            self._parts.events.event(self.pod, word, reason, message, path)

        return ContainerLife(
            pod=self.pod, container=container, role=role, address=self._address, runtime=self._parts.runtime,
            dialer=self._parts.fabric, clock=self._parts.clock, policy=policy, told=tell, changed=self._dirty.set,
            record=self._restored(container, role), log=RunLog(self._parts.clock),
        )  # fmt: skip

    def _restored(self, container: Obj, role: Role) -> ContainerRecord:
        """Return a new record; one that the cluster's own restart ended counts that as a restart."""
        initial = self.pod["spec"].get("initContainers") and role != "ephemeral"
        waiting = "PodInitializing" if initial else "ContainerCreating"
        record = ContainerRecord(container["name"], str(container.get("image", "")), reason=waiting)
        statuses = dig(self.pod, "status", "containerStatuses", default=[]) if role == "main" else []
        before: Obj = next((entry for entry in statuses if entry["name"] == record.name), {})
        if not (before.get("containerID") and dig(before, "state", "running") is not None):
            return record
        now = self._parts.clock.now()
        ended = ContainerRecord(
            record.name, record.image, container_id=before["containerID"], image_id=before.get("imageID", ""),
            restart_count=int(before.get("restartCount") or 0), started_at=now,
        ).terminated(255, now, "Unknown")  # fmt: skip
        return ended.waiting(waiting)

    async def _watch_deadline(self) -> None:
        """End the pod when it has been active for longer than its manifest allows."""
        while True:
            self._updated.clear()
            limit = self.pod["spec"].get("activeDeadlineSeconds")
            left = (self._start_time() - self._parts.clock.now()).total_seconds() + float(limit or 0)
            if limit is not None and left <= 0 and not self.over:
                break
            timer = self._parts.clock.sleep(left) if limit is not None and left > 0 else self._updated.wait()
            await first_of(timer, self._updated.wait())
        text = "Pod was active on the node longer than the specified deadline"
        self._parts.events.event(self.pod, "Normal", "DeadlineExceeded", text)
        await self._stop_running(self._grace())
        self._ended = ("DeadlineExceeded", text)
        self._dirty.set()

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
                self._sandboxed = True
                self._dirty.set()
                return

    async def _change_or_time(self, seconds: float) -> None:
        await first_of(self._volumes_changed.wait(), self._parts.clock.sleep(seconds))

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
            await self.containers.start()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

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

    def _start_time(self) -> datetime:
        known = dig(self.pod, "status", "startTime")
        return datetime.fromisoformat(known) if known else self._started

    def _records(self) -> PodRecords:
        containers = self.containers
        return PodRecords(containers.records("init"), containers.records("main"), containers.records("ephemeral"))

    def _status(self) -> Obj:
        reason, message = self._ended
        address = self._address if self._sandboxed else ""
        facts = PodFacts(self._parts.address, address, self._start_time(), reason=reason, message=message)
        return pod_status(self.pod, self._records(), facts, self._parts.clock.now())

    # --- the end ---

    def _grace(self) -> float:
        own = self.pod["spec"].get("terminationGracePeriodSeconds")
        return float(dig(self.pod, "metadata", "deletionGracePeriodSeconds", default=30 if own is None else own))

    async def _terminate(self) -> None:
        await self._stop_running(self._grace())
        self._dirty.set()
        # What the containers ended with is shown before the pod goes.
        await self._write_status()

    async def _stop_running(self, grace: float) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.containers.terminate(grace)

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
        await self.containers.abandon(0.2)

    @property
    def over(self) -> bool:
        """Tell whether the pod has run to its end."""
        return bool(self._ended[0]) or pod_phase(self.pod["spec"], self._records()) in ("Succeeded", "Failed")


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of them and give up the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _same(before: Obj, after: Obj) -> bool:
    return {key: before.get(key) for key in after} == after
