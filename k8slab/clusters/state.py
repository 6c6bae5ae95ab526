"""``state.json``: what the embedded cluster's process last said of itself, and whether that process still lives."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from k8slab.errors import ClusterError

FILE_NAME = "state.json"


@dataclass(frozen=True, slots=True)
class RecordedState:
    """The content of ``state.json``; ``pid`` is 0 when the process ended in good order."""

    pid: int
    server: str
    state: str
    version: str
    started: str


def read_state(folder: Path) -> RecordedState | None:
    """Return what is recorded, or None when nothing is; raises ``ClusterError`` when it cannot be read."""
    path = folder / FILE_NAME
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return RecordedState(
            pid=int(recorded.get("pid") or 0),
            server=str(recorded.get("server", "")),
            state=str(recorded.get("state", "")),
            version=str(recorded.get("version", "")),
            started=str(recorded.get("started", "")),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClusterError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}.", "Make it readable."
        ) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise ClusterError(
            f"{path} is damaged: it does not hold what a cluster writes there.",
            f"Starting the cluster writes it anew and keeps your objects: k8slab cluster start --name {folder.name}",
        ) from error


def is_our_process(pid: int, module: str) -> bool:
    """Tell whether ``pid`` lives and runs that module: a number alone may have been given to another program."""
    if pid <= 0:
        return False
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # when we started it ourselves, its remains must not pass for life
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # someone else's process
    command = _command_line(pid)
    return module in command


def _command_line(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        return raw.replace(b"\0", b" ").decode(errors="replace")  # empty for a zombie
    except OSError:
        pass
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, timeout=5, check=False
    )
    return shown.stdout
