"""The way into the pods of the node: logs, exec, attach and connections to their ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from k8slab.clock import Clock
from k8slab.emulator.api import (
    Door,
    ExecError,
    ExecRequest,
    ExecStreams,
    Fabric,
    LogOptions,
    RefusedError,
    Route,
    RunningContainer,
    Source,
    TakesInput,
)  # fmt: skip
from k8slab.emulator.node.container import ContainerLife
from k8slab.emulator.node.pod_worker import PodWorker
from k8slab.emulator.node.runtime_words import runtime_words
from k8slab.emulator.node.terminal import TerminalStreams
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.status import ApiError, bad_request, failure, internal_error, not_found

# An attach this soon after a container's start is the one that the start was made for (``kubectl run -i``): it sees all
# output, also of a program that has ended meanwhile.
_REPLAY_SECONDS = 10.0


class NodeAccess:
    """``emulator.api.PodAccess`` over the node's workers."""

    def __init__(
        self,
        pod_of: Callable[[str, str], Obj | None],
        worker_of: Callable[[Obj], PodWorker | None],
        fabric: Fabric,
        clock: Clock,
    ) -> None:
        self._pod_of = pod_of
        self._worker_of = worker_of
        self._fabric = fabric
        self._clock = clock

    def _pod(self, namespace: str, name: str) -> Obj:
        pod = self._pod_of(namespace, name)
        if pod is None:
            raise not_found("", "pods", name)
        return pod

    def _life(self, pod: Obj, container: str) -> ContainerLife | None:
        worker = self._worker_of(pod)
        return worker.containers.lives().get(container) if worker is not None else None

    def check(self, namespace: str, name: str, container: str, door: Door) -> None:
        """Raise what the kubelet answers before it opens the door, in its bare words (code 500)."""
        pod = self._pod(namespace, name)
        if door == "portforward":
            worker = self._worker_of(pod)
            if worker is None or worker.over:
                raise failure(500, "InternalError", f'pod not found ("{name}_{namespace}")')
            return
        life = self._life(pod, container)
        if life is not None and (life.running is not None or (door == "attach" and self._replays(life))):
            return
        words = {
            "exec": f'container not found ("{container}")',
            "attach": f"container {container} not found in pod {name}_{namespace}",
        }
        raise failure(500, "InternalError", words[door])

    def _replays(self, life: ContainerLife) -> bool:
        started = life.record.started_at
        fresh = started is not None and (self._clock.now() - started).total_seconds() < _REPLAY_SECONDS
        return fresh and not life.attached and bool(life.container.get("stdin"))

    async def logs(self, namespace: str, name: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Yield the container's log, endlessly with ``follow`` until the container ends."""
        pod = self._pod(namespace, name)
        life = self._life(pod, options.container)
        if life is None:
            raise bad_request(_waiting(options.container, name, _why_waiting(pod, options.container)))
        record = life.record
        source = life.log
        if options.previous:
            if life.previous_log is None:
                raise bad_request(f'previous terminated container "{record.name}" in pod "{name}" not found')
            source = life.previous_log
        elif record.phase == "waiting" and record.previous is None:
            raise bad_request(_waiting(record.name, name, _LOOKS.get(record.reason, record.reason)))
        async for chunk in source.read(options):
            yield chunk

    async def exec(self, namespace: str, name: str, request: ExecRequest, streams: ExecStreams) -> int:
        """Run a command in a running container; return its exit code."""
        life = self._life(self._pod(namespace, name), request.container)
        if life is None or life.running is None:
            raise failure(500, "InternalError", f'container not found ("{request.container}")')
        try:
            return await life.running.exec(request, streams)
        except ExecError as error:
            raise internal_error(f"error executing command in container: {runtime_words(error)}") from error

    async def attach(self, namespace: str, name: str, request: ExecRequest, streams: ExecStreams) -> None:
        """Carry the streams of the container's own program until it ends."""
        life = self._life(self._pod(namespace, name), request.container)
        if life is None:
            return
        if life.container.get("tty") and not request.tty:
            # The runtime's multiplexed streams end at once on a terminal; the status that comes of it is empty.
            raise ApiError({"metadata": {}})
        replay, running = self._replays(life), life.running
        life.attached = True
        tasks: list[asyncio.Task[None]] = []
        if life.container.get("tty"):
            streams = TerminalStreams(streams, _signals(running))
        if isinstance(running, TakesInput):
            tasks.append(asyncio.create_task(_feed(running, life, request, streams)))
            tasks.append(asyncio.create_task(_resize(running, streams)))
        try:
            async with aclosing(life.log.attached(replay=replay)) as output:
                async for stream, data in output:
                    await (streams.write_stdout if stream == "stdout" else streams.write_stderr)(data)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if life.container.get("stdinOnce") and isinstance(running, TakesInput):
                await running.send_input(b"")

    async def connect(self, namespace: str, name: str, port: int) -> Route:
        """Find who listens on the pod's localhost; raises ``DialError``."""
        pod = self._pod(namespace, name)
        address = dig(pod, "status", "podIP", default="")
        if not address:
            raise RefusedError("the pod has no address")
        route = await self._fabric.route(Source(address, namespace_of(pod), name_of(pod)), "127.0.0.1", port)
        # The connection begins in the pod's own network: its peer is localhost.
        words = route.preamble.split(b" ")
        words[2:4] = [b"127.0.0.1", b"127.0.0.1"]
        return replace(route, preamble=b" ".join(words))


def _signals(running: RunningContainer | None) -> Callable[[int], Awaitable[None]]:
    async def send(number: int) -> None:
        if isinstance(running, TakesInput):
            await running.signal(number)

    return send


async def _feed(running: TakesInput, life: ContainerLife, request: ExecRequest, streams: ExecStreams) -> None:
    if not (request.stdin and life.container.get("stdin")):
        return
    while data := await streams.read_stdin():
        await running.send_input(data)
    if life.container.get("stdinOnce"):
        await running.send_input(b"")


async def _resize(running: TakesInput, streams: ExecStreams) -> None:
    while True:
        await running.resize(*await streams.next_size())


# k8s.io/kubernetes/pkg/kubelet: validateContainerLogStatus
_LOOKS = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


def _waiting(container: str, pod: str, why: str) -> str:
    return f'container "{container}" in pod "{pod}" is waiting to start: {why}'


def _why_waiting(pod: Obj, container: str) -> str:
    for status in dig(pod, "status", "containerStatuses", default=[]):
        if status.get("name") == container:
            reason = str(dig(status, "state", "waiting", "reason", default=""))
            return _LOOKS.get(reason, reason) or "ContainerCreating"
    return "ContainerCreating"
