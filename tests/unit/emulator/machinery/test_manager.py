import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.api import Api
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.emulator.machinery.manager import Manager, run_to_fixed_point
from k8slab.kube import status
from k8slab.kube.resources import CONFIG_MAPS

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}


class Recording:
    name = "recording"
    workers = 2

    def __init__(self, action: Callable[[ObjectKey], Any]) -> None:
        self.keys: list[str] = []
        self._action = action

    def watches(self) -> Sequence[Watch]:
        return (Watch(CONFIG_MAPS, own_key),)

    async def sync(self, key: ObjectKey) -> Result:
        self.keys.append(str(key))
        found = self._action(key)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Result) else DONE


@pytest.fixture
def desk(api: Api, clock: ManualClock) -> Desk:
    return Desk(api, clock, Entropy(3))


async def test_a_change_brings_one_sync_and_stopping_ends_every_task(api: Api, desk: Desk):
    before = asyncio.all_tasks()
    controller = Recording(lambda _: DONE)
    manager = Manager(desk, [controller])
    await manager.start()
    await api.create(CONFIG_MAPS, CONFIG)
    await run_to_fixed_point(manager)
    assert controller.keys == ["default/a"]
    await manager.stop()
    assert asyncio.all_tasks() == before


async def test_a_conflict_is_tried_again_after_a_pause(api: Api, desk: Desk, clock: ManualClock):
    answers = [status.conflict("", "configmaps", "a", status.MODIFIED), DONE]
    controller = Recording(lambda _: answers.pop(0))
    manager = Manager(desk, [controller])
    await manager.start()
    await api.create(CONFIG_MAPS, CONFIG)
    await run_to_fixed_point(manager)
    assert len(controller.keys) == 1
    await clock.advance(0.005)
    await run_to_fixed_point(manager)
    assert len(controller.keys) == 2
    await manager.stop()


async def test_an_error_of_one_key_is_logged_and_stops_nothing(api: Api, desk: Desk, caplog: pytest.LogCaptureFixture):
    controller = Recording(lambda key: ValueError("broken") if key.name == "a" else DONE)
    manager = Manager(desk, [controller])
    await manager.start()
    await api.create(CONFIG_MAPS, CONFIG)
    await api.create(CONFIG_MAPS, {**CONFIG, "metadata": {"name": "b", "namespace": "default"}})
    await run_to_fixed_point(manager)
    assert sorted(controller.keys) == ["default/a", "default/b"]
    assert "default/a failed and will be tried again" in caplog.text
    await manager.stop()


async def test_a_result_may_ask_for_another_sync(api: Api, desk: Desk, clock: ManualClock):
    results = [Result(requeue_after=30), DONE]
    controller = Recording(lambda _: results.pop(0))
    manager = Manager(desk, [controller])
    await manager.start()
    await api.create(CONFIG_MAPS, CONFIG)
    await run_to_fixed_point(manager)
    await clock.advance(29)
    await run_to_fixed_point(manager)
    assert len(controller.keys) == 1
    await clock.advance(1)
    await run_to_fixed_point(manager)
    assert len(controller.keys) == 2
    await manager.stop()


async def test_controllers_that_never_rest_are_found(api: Api, desk: Desk):
    manager = Manager(desk, [Recording(lambda _: Result(requeue_after=0))])
    await manager.start()
    await api.create(CONFIG_MAPS, CONFIG)
    with pytest.raises(RuntimeError, match="no fixed point after 200 turns"):
        await run_to_fixed_point(manager, turns=200)
    await manager.stop()


async def test_run_ends_cleanly_when_cancelled(desk: Desk):
    before = asyncio.all_tasks()
    running = asyncio.create_task(Manager(desk, [Recording(lambda _: DONE)]).run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == before
