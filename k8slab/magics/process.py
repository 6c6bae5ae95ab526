"""Runs kubectl with its output shown as it comes, from the thread of the cell."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from k8slab.errors import CommandError

_GRACE_SECONDS = 3.0


def stream(
    command: Sequence[str], environment: Mapping[str, str], stdin: str = "", output: TextIO | None = None
) -> None:
    """Run to the end; raises ``CommandError`` with the last words of standard error when it fails.

    ``output`` takes standard output instead of the cell.
    A kernel interrupt ends the process and is an error of its own, not a traceback.
    """
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        if stdin and process.stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        last = _copy(process, output or sys.stdout)
        code = process.wait()
    except KeyboardInterrupt:
        raise CommandError(
            "Interrupted: the command was stopped.", "What it had done by then stays done.", 130
        ) from None
    finally:
        _end(process)
    if code:
        raise CommandError(last or f"{os.path.basename(command[0])} ended with exit code {code}.", exit_code=code)  # noqa: PTH119


def _copy(process: subprocess.Popen[bytes], output: TextIO) -> str:
    """Show both outputs as they come; return the last lines of standard error."""
    errors = b""
    with selectors.DefaultSelector() as selector:
        for source, target in ((process.stdout, output), (process.stderr, sys.stderr)):
            if source is not None:
                selector.register(source, selectors.EVENT_READ, target)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                if key.fileobj is process.stderr:
                    errors += data
                key.data.write(data.decode(errors="replace"))
                key.data.flush()
    lines = [line for line in errors.decode(errors="replace").splitlines() if line and not line.startswith("Warning:")]
    return "\n".join(lines[-3:])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
