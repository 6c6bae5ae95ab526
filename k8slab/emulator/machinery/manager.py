"""Runs controllers: their watches, queues, workers and event writers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress

from k8slab.emulator.machinery.controller import Controller, Desk, Extensible, Route, Watch
from k8slab.emulator.machinery.informer import Handler, Informer
from k8slab.emulator.machinery.queue import WorkQueue
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource
from k8slab.kube.status import ApiError

_EXPECTED = frozenset({"Conflict", "NotFound", "AlreadyExists"})
# In this many turns of the event loop everything that is on its way inside one process has arrived.
_QUIET_TURNS = 12
_log = logging.getLogger(__name__)


class Manager:
    """The controllers of one process over one desk."""

    def __init__(self, desk: Desk, controllers: Sequence[Controller]) -> None:
        self.desk = desk
        self.controllers = list(controllers)
        self.syncs = 0
        self._queues = {controller.name: WorkQueue(desk.clock) for controller in controllers}
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[str] = set()

    @property
    def idle(self) -> bool:
        """Tell whether no key is ready or being worked on and all events are written."""
        quiet = all(queue.idle for queue in self._queues.values())
        return quiet and all(recorder.idle for recorder in self.desk.recorders)

    async def start(self) -> None:
        """Start everything; returns when all watches have brought the present objects."""
        for controller in self.controllers:
            queue = self._queues[controller.name]
            for watch in controller.watches():
                self.desk.informer(watch.resource).subscribe(_enqueuer(queue, watch.route))
        for informer in self.desk.informers:
            self._run(informer)
        for recorder in self.desk.recorders:
            self._launch(recorder.run(), "events")
        for informer in self.desk.informers:
            await informer.synced.wait()
        for controller in self.controllers:
            for number in range(controller.workers):
                self._launch(self._work(controller), f"{controller.name} {number}")

    def extend(self, resources: Iterable[Resource]) -> None:
        """Let the controllers of all kinds follow these kinds of users too, from now on."""
        for resource in resources:
            for controller in self.controllers:
                for watch in controller.extend(resource) if isinstance(controller, Extensible) else ():
                    self._follow(controller, watch)

    def _follow(self, controller: Controller, watch: Watch) -> None:
        informer = self.desk.informer(watch.resource)
        informer.subscribe(_enqueuer(self._queues[controller.name], watch.route))
        if self._tasks and watch.resource.qualified_name not in self._running:
            self._run(informer)

    def _run(self, informer: Informer) -> None:
        self._running.add(informer.resource.qualified_name)
        self._launch(informer.run(), f"watch {informer.resource.qualified_name}")

    async def stop(self) -> None:
        """Stop everything and wait until it is still."""
        for queue in self._queues.values():
            queue.close()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def run(self) -> None:
        """Start, and stop when cancelled."""
        try:
            await self.start()
            await asyncio.gather(*self._tasks)
        finally:
            await self.stop()

    def _launch(self, coroutine: object, name: str) -> None:
        self._tasks.append(asyncio.create_task(coroutine, name=name))  # type: ignore[arg-type]

    async def _work(self, controller: Controller) -> None:
        queue = self._queues[controller.name]
        while True:
            key = await queue.take()
            try:
                await self._sync(controller, queue, key)
            finally:
                queue.done(key)
            # A sync that never waits must not keep everything else from running.
            await asyncio.sleep(0)

    async def _sync(self, controller: Controller, queue: WorkQueue, key: Hashable) -> None:
        self.syncs += 1
        try:
            result = await controller.sync(key)
        except ApiError as error:
            level = logging.DEBUG if error.reason in _EXPECTED else logging.WARNING
            _log.log(level, "%s: %s will be tried again: %s", controller.name, key, error)
            queue.retry(key)
        except Exception:  # noqa: BLE001 - one key must not stop a controller
            _log.exception("%s: %s failed and will be tried again", controller.name, key)
            queue.retry(key)
        else:
            queue.forget(key)
            if result.requeue_after is not None:
                queue.add_after(key, result.requeue_after)


def _enqueuer(queue: WorkQueue, route: Route) -> Handler:
    def handle(before: Obj | None, after: Obj | None) -> None:
        for key in route(before, after):
            queue.add(key)

    return handle


async def run_to_fixed_point(manager: Manager, *, turns: int = 100_000) -> None:
    """Let a started manager work until nothing is left to do now; for tests, with a clock that stands still.

    Keys that wait for a later time stay waiting. Raises ``RuntimeError`` when the controllers never come to rest.
    """
    quiet = 0
    for _ in range(turns):
        before = manager.syncs
        await asyncio.sleep(0)
        quiet = quiet + 1 if manager.idle and manager.syncs == before else 0
        if quiet >= _QUIET_TURNS:
            return
    raise RuntimeError(f"no fixed point after {turns} turns and {manager.syncs} syncs")
