"""``state.json``: what the process says of itself to whoever looks from outside."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from k8slab.clock import Clock, timestamp
from k8slab.emulator.apiserver.pki import write_private
from k8slab.kube.discovery import VERSION


def write_state(folder: Path, state: str, server: str, clock: Clock) -> None:
    """Record ``running`` (with this process) or ``stopped``. Raises ``OSError``."""
    running = state == "running"
    recorded = {
        "pid": os.getpid() if running else 0,
        "server": server if running else "",
        "state": state,
        "version": VERSION["gitVersion"],
        "started": timestamp(clock.now()) if running else "",
    }
    write_private(folder / "state.json", orjson.dumps(recorded) + b"\n")
