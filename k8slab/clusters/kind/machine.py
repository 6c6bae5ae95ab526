"""Is this machine large enough for a kind cluster? Facts are read here, judged by a pure function."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_GIB = 1 << 30
LEAST_MEMORY, LEAST_DISK = 2 * _GIB, 5 * _GIB
# kind: site/content/docs/user/known-issues.md, "Pod errors due to too many open files".
LEAST_WATCHES, LEAST_INSTANCES = 524288, 512
_INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine has, in bytes and counts; None where it cannot be told."""

    memory: int | None = None
    disk: int | None = None
    inotify_watches: int | None = None
    inotify_instances: int | None = None


@dataclass(frozen=True, slots=True)
class Shortage:
    """Something that is too small; ``fatal``: a cluster would not come up."""

    text: str
    action: str
    fatal: bool = False


def read_facts(folder: Path) -> Facts:
    """Read the facts of this machine; ``folder`` is on the disk that counts."""
    return Facts(_available_memory(), shutil.disk_usage(_existing(folder)).free,
                 _number("max_user_watches"), _number("max_user_instances"))  # fmt: skip


def shortages(facts: Facts) -> Iterator[Shortage]:
    """Yield what is too small, the worst first."""
    if facts.disk is not None and facts.disk < LEAST_DISK:
        text = f"{facts.disk / _GIB:.1f} GiB of disk are free; a kind cluster needs {LEAST_DISK // _GIB}."
        yield Shortage(text, "Make room, for instance: docker system prune", fatal=True)
    if facts.memory is not None and facts.memory < LEAST_MEMORY:
        text = f"{facts.memory / _GIB:.1f} GiB of memory are free; a kind cluster needs {LEAST_MEMORY // _GIB}."
        yield Shortage(text, "Close something, or use the embedded cluster (150 MB): %lab start", fatal=True)
    limits = (("max_user_watches", facts.inotify_watches, LEAST_WATCHES),
              ("max_user_instances", facts.inotify_instances, LEAST_INSTANCES))  # fmt: skip
    for name, found, least in limits:
        if found is not None and found < least:
            text = f"fs.inotify.{name} is {found}: pods of a second cluster may fail with 'too many open files'."
            yield Shortage(text, f"sudo sysctl fs.inotify.{name}={least}")


def _available_memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return _all_memory()
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if found is None else int(found) * 1024


def _all_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


def _number(name: str) -> int | None:
    try:
        return int((_INOTIFY / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _existing(folder: Path) -> Path:
    return next(entry for entry in (folder, *folder.parents) if entry.exists())
