"""The node: one worker for each pod that is bound to it, and the way into them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from k8slab.clock import Clock
from k8slab.emulator.api import Api, Fabric, Program
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.emulator.machinery.informer import Informer
from k8slab.emulator.node.access import NodeAccess
from k8slab.emulator.node.config_source import ApiSource
from k8slab.emulator.node.heartbeat import Heartbeat
from k8slab.emulator.node.node_object import ADDRESS, NODE_NAME, register_node
from k8slab.emulator.node.pod_worker import NodeParts, PodWorker
from k8slab.emulator.node.runtime import Runtime
from k8slab.emulator.node.volumes.disk import NodeDisk
from k8slab.emulator.node.volumes.manager import names_used
from k8slab.kube.objects import Obj, dig, is_deleting, name_of, namespace_of, uid_of
from k8slab.kube.resources import CONFIG_MAPS, PODS, SECRETS, SERVICES, VOLUMES

_LOG = logging.getLogger(__name__)
_SHOWN = {"ConfigMap": CONFIG_MAPS, "Secret": SECRETS}
_FINAL = ("Succeeded", "Failed")


class Kubelet:
    """Follows the pods of node ``k8slab``; ``access`` is the way into them, ``disk`` the folder of its own files."""

    def __init__(
        self, api: Api, fabric: Fabric, clock: Clock, run_dir: Path, programs: Mapping[str, Program], disk: Path
    ) -> None:
        self._api = api
        self._fabric = fabric
        self._clock = clock
        self._events = EventRecorder(api, clock, "kubelet", NODE_NAME)
        self._pods = Informer(api, PODS, clock)
        self._services = Informer(api, SERVICES, clock)
        source = ApiSource(api)
        self._disk = NodeDisk(disk, source)
        runtime = Runtime(programs, run_dir, self._services, source, source, clock, NODE_NAME, self._disk)
        self._volumes = Informer(api, VOLUMES, clock)
        self._volumes.subscribe(self._on_volume)
        self._shown = [(kind, Informer(api, resource, clock)) for kind, resource in _SHOWN.items()]
        self._parts = NodeParts(api, fabric, clock, self._events, runtime, ADDRESS)
        self._heartbeat = Heartbeat(api, clock)
        self._workers: dict[str, tuple[PodWorker, asyncio.Task[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.access = NodeAccess(self._pods.get, self._worker, fabric, clock)

    def _worker(self, pod: Obj) -> PodWorker | None:
        found = self._workers.get(uid_of(pod))
        return found[0] if found else None

    async def start(self) -> None:
        """Register the node and take up its pods."""
        await register_node(self._api, self._clock)
        self._tasks = [asyncio.create_task(part.run()) for part in self._parts_running()]
        await self._services.synced.wait()
        self._pods.subscribe(self._on_pod)
        for kind, informer in self._shown:
            informer.subscribe(partial(self._on_shown, kind))
        await self._pods.synced.wait()

    def _parts_running(self) -> list[EventRecorder | Informer | Heartbeat]:
        return [
            self._events,
            self._heartbeat,
            self._services,
            self._pods,
            self._volumes,
            *(informer for _, informer in self._shown),
        ]

    async def stop(self) -> None:
        """End all programs; the pods stay as objects and come back at the next start."""
        workers = [worker for worker, _ in self._workers.values()]
        tasks = [task for _, task in self._workers.values()]
        for task in [*tasks, *self._tasks]:
            task.cancel()
        await asyncio.gather(*(worker.abandon() for worker in workers))
        await asyncio.gather(*tasks, *self._tasks, return_exceptions=True)

    def _on_pod(self, before: Obj | None, after: Obj | None) -> None:
        pod = after if after is not None else before
        if pod is None or dig(pod, "spec", "nodeName") != NODE_NAME:
            return
        found = self._workers.get(uid_of(pod))
        if after is None:
            if found is not None:
                found[0].updated(
                    {
                        **pod,
                        "metadata": {**pod["metadata"], "deletionTimestamp": "now", "deletionGracePeriodSeconds": 0},
                    }
                )
        elif found is not None:
            found[0].updated(after)
        elif dig(after, "status", "phase") not in _FINAL or is_deleting(after):
            self._begin(after)

    def _on_volume(self, before: Obj | None, after: Obj | None) -> None:
        """Remove the data of a volume that is gone."""
        if after is None and before is not None:
            self._disk.remove(before)

    def _on_shown(self, kind: str, before: Obj | None, after: Obj | None) -> None:
        """Tell the pods that mount a ConfigMap or Secret that it changed."""
        obj = after if after is not None else before
        if obj is None:
            return
        for worker, _ in self._workers.values():
            same = namespace_of(worker.pod) == namespace_of(obj)
            if same and (kind, name_of(obj)) in names_used(worker.pod):
                worker.volumes_changed()

    def _begin(self, pod: Obj) -> None:
        worker = PodWorker(self._parts, pod)
        task = asyncio.create_task(self._run(worker), name=f"pod {pod['metadata']['name']}")
        self._workers[uid_of(pod)] = (worker, task)

    async def _run(self, worker: PodWorker) -> None:
        try:
            await worker.run()
        except Exception:  # noqa: BLE001 - one pod's failure must not end the node
            _LOG.exception("pod worker failed")
        finally:
            self._workers.pop(uid_of(worker.pod), None)
            self._parts.runtime.forget(worker.pod)
