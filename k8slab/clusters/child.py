"""Starts a child process that outlives the notebook, waits until it says that it is ready, and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from k8slab.clusters.provider import Progress
from k8slab.errors import ClusterError

# How much of a dead child's log is shown.
_LOG_LINES = 5
_TELL_EVERY_SECONDS = 2.0


def spawn_until_ready(command: Sequence[str], log: Path, deadline_seconds: float, progress: Progress) -> dict[str, Any]:
    """Start ``command`` in a session of its own and return the JSON object that it writes when it is ready.

    The child gets the write end of a pipe as ``--ready-fd N``. Its output goes to ``log``. Raises ``ClusterError``
    with the child's own words when it says ``{"error": ..., "action": ...}``, ends early or stays silent.
    """
    reader, writer = os.pipe()
    process: subprocess.Popen[bytes] | None = None
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*command, "--ready-fd", str(writer)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, pass_fds=(writer,), cwd=log.parent,
            )  # fmt: skip
        os.close(writer)
        writer = -1
        return _await_ready(process, reader, log, deadline_seconds, progress)
    except BaseException:
        # Also on an interrupt: a half-started cluster must not stay behind.
        if process is not None:
            _put_down(process)
        raise
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
        if process is not None:
            process.returncode = process.poll() or 0  # a detached child is not ours to wait for


def _await_ready(
    process: subprocess.Popen[bytes], reader: int, log: Path, deadline_seconds: float, progress: Progress
) -> dict[str, Any]:
    began = time.monotonic()
    received = b""
    while not received.endswith(b"\n"):
        waited = time.monotonic() - began
        if waited >= deadline_seconds:
            raise ClusterError(
                f"The cluster did not become ready within {deadline_seconds:.0f} s.",
                f"Its log says why: {log}",
            )
        readable, _, _ = select.select([reader], [], [], min(_TELL_EVERY_SECONDS, deadline_seconds - waited))
        if not readable:
            left = deadline_seconds - (time.monotonic() - began)
            progress(f"starting ... (waiting at most {left:.0f} s more)")
            continue
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        received += chunk
    return _parse_ready(process, received, log)


def _parse_ready(process: subprocess.Popen[bytes], received: bytes, log: Path) -> dict[str, Any]:
    try:
        answer = json.loads(received)
    except ValueError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        raise ClusterError(f"The cluster ended while it started{_last_words(log)}", f"Its whole log: {log}") from None
    if not isinstance(answer, dict):
        raise ClusterError("The cluster's process answered nonsense when it started.", f"Its log: {log}")
    if "error" in answer:
        raise ClusterError(str(answer["error"]), str(answer.get("action") or f"Its log: {log}"))
    return answer


def _last_words(log: Path) -> str:
    try:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return ":\n" + "\n".join(lines[-_LOG_LINES:]) if lines else "."


def _put_down(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def end_process(pid: int, alive: Callable[[int], bool], progress: Progress, polite_seconds: float = 10.0) -> None:
    """Ask a process to end (SIGTERM), wait, and end it (SIGKILL) after ``polite_seconds``; says how long it waits."""
    if not _send(pid, signal.SIGTERM) or _gone_within(pid, alive, 1.0):
        return
    progress(f"stopping ... (at most {polite_seconds:.0f} s, then it is ended by force)")
    if _gone_within(pid, alive, polite_seconds - 1.0):
        return
    progress("it did not end by itself: ending it by force (nothing that was acknowledged is lost)")
    if _send(pid, signal.SIGKILL) and not _gone_within(pid, alive, 5.0):
        raise ClusterError(f"Process {pid} does not end, not even by force.", f"Look at it: ps -fp {pid}")


def _send(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _gone_within(pid: int, alive: Callable[[int], bool], seconds: float) -> bool:
    # A process that is not our child cannot be waited for in a portable way, so its presence is polled.
    until = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True
