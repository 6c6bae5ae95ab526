from __future__ import annotations

from dataclasses import replace

from k8slab.lessons.draw import alone, drawn

NAMES = [f"step-{number}" for number in range(10)]


def test_a_series_has_each_name_once_and_the_seed_decides_the_order():
    assert drawn(NAMES, 7).order == drawn(NAMES, 7).order
    assert sorted(drawn(NAMES, 7).order) == NAMES
    assert len({drawn(NAMES, seed).order for seed in range(50)}) > 40


def test_a_series_goes_on_until_all_were_drawn():
    draw, seen = drawn(NAMES, 3), []
    assert draw.step == ""
    while not draw.is_over:
        draw = draw.next(10.0)
        seen.append(draw.step)
    assert tuple(seen) == draw.order


def test_the_time_counts_from_the_draw():
    draw = replace(alone("a").next(100.0), seed=4)
    assert draw.note(107.4) == "Repaired after 7 s (number 1 of 1 in series 4)."
    assert draw.note(183.0).startswith("Repaired after 1 min 23 s")
