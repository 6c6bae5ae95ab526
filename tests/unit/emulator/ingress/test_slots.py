"""Slots lead to endpoints in turn, and change without anybody else being told."""

from __future__ import annotations

import json
from pathlib import Path

from k8slab.emulator.ingress.slots import Endpoint, Slots
from k8slab.emulator.ingress.text.files import Upstream


def endpoints(*names: str) -> list[Endpoint]:
    return [Endpoint(f"{name}:80", f"/sockets/{name}") for name in names]


def led(folder: Path, upstream: Upstream) -> list[str]:
    return [(folder / upstream.folder / str(number)).readlink().name for number in range(upstream.slots)]


def test_slots_take_endpoints_in_turn(tmp_path: Path):
    slots, upstream = Slots(tmp_path), Upstream("n-web-80", 6)
    slots.update(upstream, endpoints("a", "b", "c"))
    assert led(tmp_path, upstream) == ["a", "b", "c", "a", "b", "c"]
    assert (tmp_path / upstream.folder / "up").exists()
    assert json.loads((tmp_path / upstream.folder / "endpoints").read_text()) == ["a:80", "b:80", "c:80"]


def test_an_endpoint_leaves_all_its_slots(tmp_path: Path):
    slots, upstream = Slots(tmp_path), Upstream("n-web-80", 6)
    slots.update(upstream, endpoints("a", "b", "c"))
    slots.update(upstream, endpoints("a", "c"))
    assert set(led(tmp_path, upstream)) == {"a", "c"}


def test_nobody_is_up_without_endpoints_and_the_log_still_knows_the_last(tmp_path: Path):
    slots, upstream = Slots(tmp_path), Upstream("n-web-80", 6)
    slots.update(upstream, endpoints("a"))
    slots.update(upstream, [])
    assert not (tmp_path / upstream.folder / "up").exists()
    assert slots.address(upstream.folder, 3) == "a:80"
    assert slots.address("elsewhere", 0) == "-"


def test_upstreams_that_nobody_needs_are_removed(tmp_path: Path):
    slots, kept, gone = Slots(tmp_path), Upstream("n-web-80", 2), Upstream("n-old-80", 2)
    slots.update(kept, endpoints("a"))
    slots.update(gone, endpoints("b"))
    slots.keep([kept.name])
    assert [entry.name for entry in tmp_path.iterdir()] == [kept.folder]


def test_paths_of_sockets_stay_short():
    upstream = Upstream("n" * 63 + "-" + "s" * 63 + "-65535~f", 60)
    assert len(f"/tmp/k8slab-abcdefgh/i/12345678-controllerabcdef/u/{upstream.folder}/59") < 108
