import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest

from k8slab.clock import ManualClock
from k8slab.emulator.api import Api, WatchEvent
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, ObjectKey, is_deleting, name_of
from k8slab.kube.resources import CONFIG_MAPS
from k8slab.kube.selectors import parse_label_selector


def config_map(name: str, labels: dict[str, str] | None = None, **fields: Any) -> Obj:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": labels or {}},
        **fields,
    }


@asynccontextmanager
async def following(informer: Informer):
    task = asyncio.create_task(informer.run())
    try:
        await informer.synced.wait()
        yield informer
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def turns(count: int = 10):
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def informer(api: Api, clock: ManualClock):
    return Informer(api, CONFIG_MAPS, clock)


async def test_it_starts_with_what_is_there_and_follows_changes(api: Api, informer: Informer):
    await api.create(CONFIG_MAPS, config_map("a", {"tier": "db"}))
    seen = []
    informer.subscribe(lambda before, after: seen.append((before and name_of(before), after and name_of(after))))
    async with following(informer):
        await api.create(CONFIG_MAPS, config_map("b"))
        await api.update(CONFIG_MAPS, config_map("b", data={"x": "1"}))
        await api.delete(CONFIG_MAPS, "default", "a")
        await turns()
        assert seen == [(None, "a"), (None, "b"), ("b", "b"), ("a", None)]
        assert informer.get("default", "a") is None
        assert informer.get("default", "b")["data"] == {"x": "1"}


async def test_objects_are_found_by_label_namespace_uid_and_owner(api: Api, informer: Informer):
    owner = await api.create(CONFIG_MAPS, config_map("owner", {"tier": "web"}))
    child = config_map("child")
    child["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    ]
    await api.create(CONFIG_MAPS, child)
    async with following(informer):
        uid = owner["metadata"]["uid"]
        assert [name_of(obj) for obj in informer.select("default", parse_label_selector("tier=web"))] == ["owner"]
        assert [name_of(obj) for obj in informer.dependents(uid)] == ["child"]
        assert informer.controlled_by(uid) == []
        assert name_of(informer.by_uid(uid)) == "owner"
        assert informer.objects("elsewhere") == []


async def test_own_writes_are_seen_at_once_and_told_once(api: Api, informer: Informer):
    seen = []
    async with following(informer):
        informer.subscribe(lambda before, after: seen.append(name_of(after or before)))
        informer.observe(await api.create(CONFIG_MAPS, config_map("mine")))
        assert informer.get("default", "mine") is not None
        await turns()
        assert seen == ["mine"]


async def test_an_own_deletion_is_seen_at_once_even_when_an_older_change_is_still_on_its_way(
    api: Api, informer: Informer, monkeypatch: pytest.MonkeyPatch
):
    real, gate = api.watch, asyncio.Event()
    gate.set()

    async def delayed(*args: Any, **kwargs: Any) -> AsyncIterator[WatchEvent]:
        async with aclosing(real(*args, **kwargs)) as events:
            async for event in events:
                await gate.wait()
                yield event

    monkeypatch.setattr(api, "watch", delayed)
    await api.create(CONFIG_MAPS, config_map("a"))
    async with following(informer):
        gate.clear()
        await api.update(CONFIG_MAPS, config_map("a", data={"x": "1"}))
        answer = await api.delete(CONFIG_MAPS, "default", "a")
        informer.observe_deletion(ObjectKey("default", "a"), answer)
        assert informer.get("default", "a")["metadata"]["deletionTimestamp"]
        states: list[bool] = []
        informer.subscribe(lambda _, after: states.append(after is None or is_deleting(after)))
        gate.set()
        await turns()
        assert informer.get("default", "a") is None
        assert states
        assert all(states)


async def test_after_410_it_lists_again_and_reports_what_vanished_meanwhile(
    api: Api, informer: Informer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    await api.create(CONFIG_MAPS, config_map("stays"))
    await api.create(CONFIG_MAPS, config_map("vanishes"))
    seen = []
    real = api.watch
    breaks = asyncio.Event()

    async def breaking(*args: Any, **kwargs: Any) -> AsyncIterator[WatchEvent]:
        events = real(*args, **kwargs)
        if breaks.is_set():
            async for event in events:
                yield event
            return
        async for event in events:
            yield event
            if event.type == "BOOKMARK":
                break
        await events.aclose()
        await breaks.wait()

    monkeypatch.setattr(api, "watch", breaking)
    async with following(informer):
        informer.subscribe(lambda before, after: seen.append((name_of(after or before), after is None)))
        await api.delete(CONFIG_MAPS, "default", "vanishes")
        await api.create(CONFIG_MAPS, config_map("appears"))
        for number in range(10):
            await api.create(CONFIG_MAPS, config_map(f"filler-{number}"))
        breaks.set()
        for _ in range(20):
            await turns()
            await clock.advance(1)
        seen = [entry for entry in seen if not entry[0].startswith("filler")]
        assert seen[2:] == [("appears", False), ("vanishes", True)]
        await api.create(CONFIG_MAPS, config_map("later"))
        await turns()
        assert informer.get("default", "later") is not None


async def test_a_late_answer_does_not_bring_back_what_is_gone(api: Api, informer: Informer):
    async with following(informer):
        made = await api.create(CONFIG_MAPS, config_map("a"))
        answer = await api.delete(CONFIG_MAPS, "default", "a")
        await turns()
        informer.observe(made)
        informer.observe_deletion(ObjectKey("default", "a"), answer)
        assert informer.objects() == []
