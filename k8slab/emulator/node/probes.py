"""Probes: they really dial, through the fabric, and report in the kubelet's words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from k8slab.clock import Clock
from k8slab.emulator.api import (
    Dialer,
    DroppedError,
    ExecError,
    ExecRequest,
    RefusedError,
    Route,
    RunningContainer,
    Source,
)  # fmt: skip
from k8slab.emulator.node.runtime_words import runtime_words
from k8slab.kube.objects import Obj

# Probes come from the node.
_NODE = Source("10.244.0.1")
_BODY_LIMIT = 10 * 1024


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """The container that a probe looks at."""

    address: str
    ports: Mapping[str, int]
    container: RunningContainer


@dataclass(slots=True)
class OutputCollector:
    """``ExecStreams`` that keep what a probe's command prints."""

    output: bytearray = field(default_factory=bytearray)

    async def read_stdin(self) -> bytes:
        """Return the end of the input."""
        return b""

    async def write_stdout(self, data: bytes) -> None:
        """Keep output."""
        self.output += data

    async def write_stderr(self, data: bytes) -> None:
        """Keep error output."""
        self.output += data

    async def next_size(self) -> tuple[int, int]:
        """Wait for ever: there is no terminal."""
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one try found: an empty ``problem`` is success. ``unknown``: the try itself failed, it does not count."""

    problem: str = ""
    unknown: bool = False


async def run_probe(probe: Obj, target: ProbeTarget, dialer: Dialer) -> Outcome:
    """Try once; return how it went, as the kubelet words it."""
    limit = float(probe.get("timeoutSeconds") or 1)
    if probe.get("exec") is not None:
        return await _exec(probe["exec"], target, limit)
    if probe.get("httpGet") is not None:
        return _judged(await http_get(probe["httpGet"], target, dialer, limit))
    action = probe.get("tcpSocket") or probe.get("grpc") or {}
    host, port = action.get("host") or target.address, _port(action.get("port"), target)
    refused = await _try(dialer, host, port, limit)
    return Outcome(refused if isinstance(refused, str) else "")


def _judged(answer: int | str) -> Outcome:
    if isinstance(answer, str):
        return Outcome(answer)
    good = 200 <= answer < 400  # noqa: PLR2004 - what prober/http takes for success
    return Outcome("" if good else f"HTTP probe failed with statuscode: {answer}")


def _port(port: int | str | None, target: ProbeTarget) -> int:
    return target.ports.get(port, 0) if isinstance(port, str) else int(port or 0)


async def _try(dialer: Dialer, host: str, port: int, limit: float) -> str | Route:
    where = f"dial tcp {host}:{port}"
    try:
        async with asyncio.timeout(limit):
            return await dialer.route(_NODE, host, port)
    except (RefusedError, TimeoutError):
        return f"{where}: connect: connection refused"
    except DroppedError:
        return f"{where}: i/o timeout"
    except OSError as error:
        return f"{where}: {error}"


async def _exec(action: Obj, target: ProbeTarget, limit: float) -> Outcome:
    collector = OutputCollector()
    request = ExecRequest("", tuple(action.get("command") or ()))
    try:
        async with asyncio.timeout(limit):
            code = await target.container.exec(request, collector)
    except TimeoutError:
        return Outcome(f'command timed out: "{" ".join(request.command)}" timed out after {limit:.0f}s')
    except ExecError as error:
        return Outcome(f"rpc error: code = Unknown desc = {runtime_words(error)}", unknown=True)
    return Outcome("" if code == 0 else collector.output.decode(errors="replace"))


async def http_get(action: Obj, target: ProbeTarget, dialer: Dialer, limit: float) -> int | str:
    """Send the request; return the status, or what went wrong as Go's client says it."""
    host, port = action.get("host") or target.address, _port(action.get("port"), target)
    scheme = str(action.get("scheme") or "HTTP").lower()
    path = "/" + str(action.get("path") or "/").lstrip("/")
    url = f"{scheme}://{host}:{port}{path}"
    route = await _try(dialer, host, port, limit)
    if isinstance(route, str):
        return f'Get "{url}": {route}'
    try:
        async with asyncio.timeout(limit):
            return await _status(route, path, f"{host}:{port}", action)
    except TimeoutError:
        return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return f'Get "{url}": {error or "EOF"}'


async def _status(route: Route, path: str, host: str, action: Obj) -> int:
    reader, writer = await asyncio.open_unix_connection(route.socket_path)
    try:
        headers = {"Host": host, "User-Agent": "kube-probe/1.34", "Accept": "*/*", "Connection": "close"}
        headers |= {entry["name"]: entry["value"] for entry in action.get("httpHeaders") or []}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write(route.preamble + "\r\n".join(lines).encode())
        await writer.drain()
        first = (await reader.readuntil(b"\r\n")).decode(errors="replace").split(" ")
        await reader.read(_BODY_LIMIT)
        return int(first[1])
    finally:
        writer.close()


@dataclass(slots=True)
class ProbeLoop:
    """Runs one probe of one container run until cancelled.

    ``changed`` is called when the threshold is reached in either direction; ``failed`` at each failure.
    """

    probe: Obj
    clock: Clock
    changed: Callable[[bool], None]
    failed: Callable[[Outcome], None]
    once: bool = False

    async def run(self, target: ProbeTarget, dialer: Dialer) -> None:
        """Probe at the period of the manifest; with ``once`` until the first success."""
        await self.clock.sleep(float(self.probe.get("initialDelaySeconds") or 0))
        good = bad = 0
        while True:
            outcome = await run_probe(self.probe, target, dialer)
            if outcome.problem:
                self.failed(outcome)
            if not outcome.unknown:
                good, bad = (0, bad + 1) if outcome.problem else (good + 1, 0)
            if good >= int(self.probe.get("successThreshold") or 1):
                self.changed(True)
                if self.once:
                    return
            if bad >= int(self.probe.get("failureThreshold") or 3):
                self.changed(False)
            await self.clock.sleep(float(self.probe.get("periodSeconds") or 10))
