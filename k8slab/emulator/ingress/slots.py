"""Slots: links in the file system through which nginx reaches the endpoints of a Service.

nginx connects to a unix socket by its path and follows links when it does. So each upstream is a fixed set of paths,
its slots, and which endpoint a slot leads to changes with one rename: no reload, no shared memory, nothing lost when a
worker dies. Slot ``i`` leads to endpoint ``i mod n``; nginx takes slots in turn and tries the next one when a
connection fails, which is another endpoint. The file ``up`` says that there are endpoints at all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from k8slab.emulator.ingress.text.files import Upstream, folder_of


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address (``ip:port``, as logs show it) and the socket that leads there; a missing socket refuses."""

    address: str
    socket: str


class Slots:
    """The folders of all upstreams below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, tuple[Endpoint, ...]]] = {}
        self._shown: dict[str, tuple[Endpoint, ...]] = {}

    def update(self, upstream: Upstream, endpoints: Sequence[Endpoint]) -> None:
        """Lead an upstream to these endpoints from now on."""
        wanted = (upstream.slots, tuple(endpoints))
        if self._known.get(upstream.folder) == wanted:
            return
        folder = self._folder / upstream.folder
        folder.mkdir(parents=True, exist_ok=True)
        if endpoints:
            self._shown[upstream.folder] = tuple(endpoints)
            for number in range(upstream.slots):
                _link(folder / str(number), endpoints[number % len(endpoints)].socket)
            _write(folder / "endpoints", json.dumps([entry.address for entry in endpoints]))
            (folder / "up").touch()
        else:
            (folder / "up").unlink(missing_ok=True)
            _write(folder / "endpoints", "[]")
        self._known[upstream.folder] = wanted

    def keep(self, names: Sequence[str]) -> None:
        """Forget the upstreams that nobody leads to any more."""
        folders = {folder_of(name) for name in names}
        for gone in set(self._known) - folders:
            del self._known[gone]
            shutil.rmtree(self._folder / gone, ignore_errors=True)

    def address(self, folder: str, slot: int) -> str:
        """Return the address that a slot leads to, or led to when it was last in use."""
        endpoints = self._shown.get(folder)
        return endpoints[slot % len(endpoints)].address if endpoints else "-"


def _link(path: Path, target: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text)
    temporary.replace(path)
