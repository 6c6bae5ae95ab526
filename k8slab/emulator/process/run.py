"""Runs one cluster until a signal or long disuse ends it; everything acknowledged stays in its folder."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

import orjson

from k8slab.clock import SystemClock
from k8slab.emulator.cluster import Cluster
from k8slab.emulator.process.idle import IdleWatch
from k8slab.emulator.process.state import write_state
from k8slab.errors import K8slabError

_LOG = logging.getLogger("k8slab")
_LOG_BYTES = 2_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options and run; the exit code is 1 when the cluster could not start."""
    parser = argparse.ArgumentParser(prog="python -m k8slab.emulator.process", description="Run an embedded cluster.")
    parser.add_argument("--name", required=True)
    parser.add_argument("--dir", required=True, type=Path)
    parser.add_argument(
        "--port", type=int, default=None, help="the API server's port (default: the last one, or a free one)"
    )
    parser.add_argument("--ready-fd", type=int, default=None)
    options = parser.parse_args(arguments)
    os.umask(0o077)
    _log_to(options.dir / "cluster.log")
    return asyncio.run(_run(options.name, options.dir, options.port, _Readiness(options.ready_fd)))


def _log_to(path: Path) -> None:
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, delay=True)
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


class _Readiness:
    """The pipe on which the starter waits for one line of JSON."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, answer: Mapping[str, object]) -> None:
        if self._descriptor is None:
            return
        with os.fdopen(self._descriptor, "wb") as stream:
            stream.write(orjson.dumps(answer) + b"\n")
        self._descriptor = None


async def _run(name: str, folder: Path, port: int | None, readiness: _Readiness) -> int:
    clock = SystemClock()
    idle = IdleWatch(clock)
    cluster = Cluster(name, folder, clock=clock, port=port, used=idle.used)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        server = await cluster.start()
        write_state(folder, "running", server, clock)
    except (K8slabError, OSError) as error:
        _LOG.exception("the cluster did not start")
        await cluster.stop()
        readiness.tell({"error": str(error), "action": getattr(error, "action", "")})
        return 1
    readiness.tell({"pid": os.getpid(), "server": server, "state": "running"})
    await _until_over(stop, idle)
    await cluster.stop()
    write_state(folder, "stopped", server, clock)
    return 0


async def _until_over(stop: asyncio.Event, idle: IdleWatch) -> None:
    waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(idle.expired())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    _LOG.info("stopping: %s", "asked to" if stop.is_set() else "nobody used the cluster for four hours")
