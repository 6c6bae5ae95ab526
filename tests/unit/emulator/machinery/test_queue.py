import asyncio

from k8slab.clock import ManualClock
from k8slab.emulator.machinery.queue import WorkQueue


async def test_a_key_added_twice_is_worked_on_once():
    queue = WorkQueue(ManualClock())
    queue.add("a")
    queue.add("a")
    assert await queue.take() == "a"
    queue.done("a")
    assert queue.idle


async def test_a_key_added_during_its_work_comes_again_but_not_at_the_same_time():
    queue = WorkQueue(ManualClock())
    queue.add("a")
    assert await queue.take() == "a"
    queue.add("a")
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    queue.done("a")
    assert await waiting == "a"


async def test_retries_wait_twice_as_long_each_time_until_forgotten():
    clock = ManualClock()
    queue = WorkQueue(clock)
    for pause in (0.005, 0.010, 0.020):
        queue.retry("a")
        await asyncio.sleep(0)
        await clock.advance(pause * 0.9)
        assert queue.idle
        await clock.advance(pause * 0.1 + 1e-9)
        assert await queue.take() == "a"
        queue.done("a")
    queue.forget("a")
    queue.retry("a")
    await asyncio.sleep(0)
    await clock.advance(0.005)
    assert not queue.idle


async def test_of_several_delays_the_earliest_counts_and_the_key_comes_once():
    clock = ManualClock()
    queue = WorkQueue(clock)
    queue.add_after("a", 10)
    queue.add_after("b", 5)
    queue.add_after("a", 2)
    queue.add_after("a", 7)
    await asyncio.sleep(0)
    seen = []
    for _ in range(12):
        await clock.advance(1)
        await asyncio.sleep(0)
        while not queue.idle:
            key = await queue.take()
            seen.append((key, clock.monotonic()))
            queue.done(key)
    assert seen == [("a", 2.0), ("b", 5.0)]
    queue.close()
