"""Exec and attach: the same streams over WebSocket channels or SPDY (kubelet/pkg/cri/streaming/remotecommand)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson
from aiohttp import web

from k8slab.emulator.apiserver.parameters import flag
from k8slab.emulator.apiserver.streaming.channels import COMMAND_FORMS, ChannelSocket, choose_form, offered, open_socket
from k8slab.emulator.apiserver.streaming.errors import protocol_refused, socket_refused, text_error
from k8slab.emulator.apiserver.streaming.pipes import upgraded
from k8slab.emulator.apiserver.streaming.spdy_connection import SpdyConnection, SpdyStream
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, internal_error

_STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE = range(5)
_SPDY_PROTOCOLS = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
_STREAM_DEADLINE_SECONDS = 30.0
# Runs the command with its streams; returns the exit code, or raises ``ApiError``.
Work = Callable[["CommandStreams"], Awaitable[int]]


class Stream(Protocol):
    """One stream of the connection."""

    async def read(self) -> bytes:
        """Return the next bytes; empty at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    async def close(self) -> None:
        """End our half."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams the client asks for."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Return what a request's query says; a terminal has no stderr of its own."""
        tty = flag(query, "tty")
        return cls(flag(query, "stdin"), flag(query, "stdout"), flag(query, "stderr") and not tty, tty)

    def count(self, protocol: str) -> int:
        """Return how many SPDY streams the client opens."""
        sized = self.tty and protocol in ("v4.channel.k8s.io", "v3.channel.k8s.io")
        return 1 + self.stdin + self.stdout + self.stderr + sized


@dataclass(slots=True)
class CommandStreams:
    """``emulator.api.ExecStreams`` over the streams of a connection; what the client did not ask for is None."""

    stdin: Stream | None = None
    stdout: Stream | None = None
    stderr: Stream | None = None
    error: Stream | None = None
    resize: Stream | None = None
    # Versions before the fourth send an error's text; success says nothing.
    as_status: bool = True
    _sizes: bytearray = field(default_factory=bytearray)

    async def read_stdin(self) -> bytes:
        """Return the next input; empty at its end."""
        return await self.stdin.read() if self.stdin is not None else b""

    async def write_stdout(self, data: bytes) -> None:
        """Send output."""
        if data and self.stdout is not None:
            await self.stdout.write(data)

    async def write_stderr(self, data: bytes) -> None:
        """Send error output."""
        if data and self.stderr is not None:
            await self.stderr.write(data)

    async def next_size(self) -> tuple[int, int]:
        """Return columns and rows when the client's terminal has a new size; waits for ever without one."""
        while self.resize is not None and (data := await self.resize.read()):
            # One JSON object after another: {"Width":80,"Height":24}
            self._sizes += data
            if b"}" in data:
                text, _, rest = bytes(self._sizes).rpartition(b"}")
                self._sizes = bytearray(rest)
                found = _size(text.rpartition(b"{")[2])
                if found is not None:
                    return found
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")

    async def finish(self, status: Obj) -> None:
        """Send how it ended and end the streams."""
        if self.error is not None:
            if self.as_status:
                await self.error.write(orjson.dumps(status))
            elif status.get("status") != "Success":
                await self.error.write(str(status.get("message", "")).encode())
        for stream in (self.stdout, self.stderr, self.error):
            if stream is not None:
                await stream.close()


def _size(inner: bytes) -> tuple[int, int] | None:
    try:
        found = orjson.loads(b"{" + inner + b"}")
        return int(found.get("Width", 0)), int(found.get("Height", 0))
    except (ValueError, TypeError):
        return None


def exit_status(code: int) -> Obj:
    """Return the ``Status`` that tells an exit code (k8s.io/apimachinery/pkg/util/remotecommand: NonZeroExitCode)."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    cause = {"reason": "ExitCode", "message": str(code)}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [cause]},
    }


async def serve_command(request: web.Request, check: Callable[[], None], work: Work) -> web.StreamResponse:
    """Upgrade the request and run ``work`` with its streams.

    ``check`` raises what the kubelet would answer before the upgrade. The fifth version is spoken by the API server
    itself, which upgrades first and reports a refusal as the session's status (apiserver/pkg/util/proxy:
    StreamTranslatorHandler).
    """
    wanted = Wanted.of(request.query)
    if "websocket" in request.headers.get("Upgrade", "").lower():
        return await _over_websocket(request, wanted, check, work)
    return await _over_spdy(request, wanted, check, work)


def _none_wanted(wanted: Wanted) -> web.Response | None:
    if wanted.stdin or wanted.stdout or wanted.stderr:
        return None
    return text_error(400, "you must specify at least 1 of stdin, stdout, stderr")


async def _over_websocket(
    request: web.Request, wanted: Wanted, check: Callable[[], None], work: Work
) -> web.StreamResponse:
    form = choose_form(offered(request), COMMAND_FORMS)
    if form is None:
        return socket_refused()
    if not form.closes:
        refused = _none_wanted(wanted)
        if refused is not None:
            return refused
        try:
            check()
        except ApiError as error:
            return text_error(error.code, str(error.status["message"]))
    socket = await open_socket(request, form.name)
    readable = {_RESIZE, *([_STDIN] if wanted.stdin else [])}
    connection = ChannelSocket(socket, form, 5, readable)
    parts: list[Stream] = list(connection.channels)
    streams = CommandStreams(
        parts[_STDIN] if wanted.stdin else None,
        parts[_STDOUT] if wanted.stdout else None,
        parts[_STDERR] if wanted.stderr else None,
        parts[_ERROR], parts[_RESIZE] if wanted.tty else None, form.status,
    )  # fmt: skip
    # An empty message tells the client that the session stands.
    await connection.send(_STDOUT if wanted.stdout else _STDERR if wanted.stderr else _ERROR, b"")
    running = asyncio.create_task(connection.run())
    await _carry(running, streams, lambda: _translated(check, work, streams) if form.closes else work(streams))
    await connection.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return socket


async def _translated(check: Callable[[], None], work: Work, streams: CommandStreams) -> int:
    """Run with errors as the API server's translation of the kubelet's own report words them."""
    try:
        check()
    except ApiError as error:
        raise internal_error(f"unable to upgrade connection: {error.status['message']}") from error
    try:
        return await work(streams)
    except ApiError as error:
        if "status" not in error.status:
            raise
        raise internal_error(str(error.status["message"])) from error


async def _carry(running: asyncio.Task[None], streams: CommandStreams, start: Callable[[], Awaitable[int]]) -> None:
    """Run the command until it ends or the client goes; then send its status."""
    worker = asyncio.ensure_future(_status(start))
    await asyncio.wait({running, worker}, return_when=asyncio.FIRST_COMPLETED)
    if not worker.done():
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        return
    await streams.finish(worker.result())


async def _status(start: Callable[[], Awaitable[int]]) -> Obj:
    try:
        return exit_status(await start())
    except ApiError as error:
        return error.status


async def _over_spdy(request: web.Request, wanted: Wanted, check: Callable[[], None], work: Work) -> web.StreamResponse:
    names = request.headers.getall("X-Stream-Protocol-Version", [])
    protocol = next((name for name in names if name in _SPDY_PROTOCOLS), "" if not names else None)
    refused = _none_wanted(wanted)
    if refused is not None:
        return refused
    try:
        check()
    except ApiError as error:
        return text_error(error.code, str(error.status["message"]))
    if protocol is None:
        return protocol_refused(names, _SPDY_PROTOCOLS)
    pipe = await upgraded(request, protocol)
    connection = SpdyConnection(pipe)
    running = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(_STREAM_DEADLINE_SECONDS):
            streams = await _collect(connection, wanted.count(protocol))
        streams.as_status = protocol == _SPDY_PROTOCOLS[0]
        await _carry(running, streams, lambda: work(streams))
        await _until_gone(running)
    except TimeoutError:
        pass
    finally:
        await connection.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return pipe.response


async def _until_gone(running: asyncio.Task[None]) -> None:
    """Give the client a moment to read the end of its streams before the connection goes."""
    await asyncio.wait({running}, timeout=1.0)


async def _collect(connection: SpdyConnection, count: int) -> CommandStreams:
    streams = CommandStreams()
    found: dict[str, SpdyStream] = {}
    async for stream in connection.streams():
        found[stream.headers.get("streamtype", "")] = stream
        if len(found) == count:
            break
    streams.stdin, streams.stdout, streams.stderr = found.get("stdin"), found.get("stdout"), found.get("stderr")
    streams.error, streams.resize = found.get("error"), found.get("resize")
    return streams
