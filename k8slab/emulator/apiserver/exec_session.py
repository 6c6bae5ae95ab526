"""Exec over WebSocket: the channel protocols of k8s.io/apimachinery/pkg/util/remotecommand.

Each binary message begins with its channel: 0 stdin, 1 stdout, 2 stderr, 3 the final ``Status``, 4 terminal size.
Version 5 adds 255, which says that a channel ends.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
from aiohttp import WSMsgType, web

from k8slab.emulator.api import ExecRequest, PodAccess
from k8slab.emulator.apiserver.parameters import flag
from k8slab.emulator.apiserver.paths import Target
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, bad_request

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _ERROR, _CLOSE = 0, 1, 2, 3, 255


async def serve_exec(pods: PodAccess, request: web.Request, target: Target) -> web.StreamResponse:
    """Run the command of the query (``command`` repeated) and carry its streams."""
    command = tuple(request.query.getall("command", []))
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    wanted = ExecRequest(
        request.query.get("container", ""), command, flag(request.query, "stdin"), flag(request.query, "tty")
    )
    socket = web.WebSocketResponse(protocols=PROTOCOLS, max_msg_size=0)
    await socket.prepare(request)
    streams = _Streams(socket)
    reader = asyncio.create_task(streams.read())
    try:
        status = await _run(pods, target, wanted, streams)
        with suppress(ConnectionError):
            await socket.send_bytes(bytes([_ERROR]) + orjson.dumps(status))
    finally:
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
        await socket.close()
    return socket


async def _run(pods: PodAccess, target: Target, wanted: ExecRequest, streams: _Streams) -> Obj:
    try:
        code = await pods.exec(target.namespace, target.name, wanted, streams)
    except ApiError as error:
        return error.status
    return exit_status(code)


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


class _Streams:
    """``emulator.api.ExecStreams`` over one WebSocket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._input: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> None:
        """Take the client's messages until it goes."""
        async for message in self._socket:
            if message.type is not WSMsgType.BINARY or not message.data:
                continue
            channel, data = message.data[0], message.data[1:]
            if channel == _STDIN and data:
                await self._input.put(data)
            elif channel == _CLOSE and data[:1] == bytes([_STDIN]):
                break
        await self._input.put(b"")

    async def read_stdin(self) -> bytes:
        return await self._input.get()

    async def write_stdout(self, data: bytes) -> None:
        await self._send(_STDOUT, data)

    async def write_stderr(self, data: bytes) -> None:
        await self._send(_STDERR, data)

    async def _send(self, channel: int, data: bytes) -> None:
        if data and not self._socket.closed:
            await self._socket.send_bytes(bytes([channel]) + data)
