"""Runs the programs of others (kind, docker) and turns what goes wrong into words that name the next action."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from k8slab.clusters.provider import Progress
from k8slab.errors import ClusterError


def output_of(command: Sequence[str], timeout_seconds: float = 30.0, environ: Mapping[str, str] = os.environ) -> str:
    """Run a command and return its standard output; raises ``ClusterError`` with its own last words."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_seconds, check=False, env=dict(environ)
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"{_shown(command)} did not end within {timeout_seconds:.0f} s.", "Is Docker running? Try: docker ps"
        ) from error
    if done.returncode != 0:
        raise _failed(command, done.returncode, done.stderr)
    return done.stdout


def follow(command: Sequence[str], progress: Progress, environ: Mapping[str, str] = os.environ) -> None:
    """Run a long command and report each line that it writes; an interrupt ends the command first."""
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(environ),
    ) as process:
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                progress(line.rstrip())
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        raise _failed(command, code, "\n".join(lines[-5:]))


def _failed(command: Sequence[str], code: int, words: str) -> ClusterError:
    said = words.strip() or "it said nothing"
    hint = "Start Docker, then try again." if "docker daemon" in said.lower() else ""
    return ClusterError(f"{_shown(command)} failed (exit code {code}): {said}", hint)


def _shown(command: Sequence[str]) -> str:
    return " ".join([os.path.basename(command[0]), *command[1:3]])  # noqa: PTH119 - a text, not a file
