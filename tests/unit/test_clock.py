import asyncio
from datetime import UTC, datetime

from k8slab.clock import Entropy, ManualClock, micro_timestamp, parse_timestamp, timestamp


async def test_advance_wakes_sleepers_in_order_of_their_time():
    clock = ManualClock()
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(f"{name}@{clock.monotonic():g}")

    tasks = [asyncio.create_task(sleeper("late", 2)), asyncio.create_task(sleeper("early", 1))]
    await asyncio.sleep(0)
    await clock.advance(1.5)
    assert woken == ["early@1"]
    await clock.advance(1)
    await asyncio.gather(*tasks)
    assert woken == ["early@1", "late@2"]


def test_timestamps_round_trip():
    moment = datetime(2026, 3, 4, 5, 6, 7, 891, tzinfo=UTC)
    assert timestamp(moment) == "2026-03-04T05:06:07Z"
    assert micro_timestamp(moment) == "2026-03-04T05:06:07.000891Z"
    assert parse_timestamp(micro_timestamp(moment)) == moment


def test_seeded_entropy_repeats_itself():
    one, two = Entropy(7), Entropy(7)
    assert one.uid() == two.uid()
    assert one.suffix() == two.suffix()
    assert not set(one.suffix(200)) & set("aeiou013")
