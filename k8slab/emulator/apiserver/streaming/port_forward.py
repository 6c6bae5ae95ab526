"""Port-forward: pairs of a data and an error stream, each pair one connection to a port of the pod.

SPDY/3.1 (plain or carried in a WebSocket), or WebSocket channels (k8s.io/kubelet/pkg/cri/streaming/portforward).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from k8slab.emulator.apiserver.streaming.channels import PORT_FORMS, ChannelSocket, choose_form, offered, open_socket
from k8slab.emulator.apiserver.streaming.commands import Stream
from k8slab.emulator.apiserver.streaming.errors import protocol_refused, socket_refused, text_error
from k8slab.emulator.apiserver.streaming.pipes import BytePipe, WebSocketPipe, upgraded
from k8slab.emulator.apiserver.streaming.spdy_connection import SpdyConnection, SpdyStream

_PROTOCOL = "portforward.k8s.io"
_TUNNELLED = f"SPDY/3.1+{_PROTOCOL}"
_LARGEST_PORT = 65535
_PAIR_DEADLINE_SECONDS = 30.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# Connects to a port of the pod; an ``OSError`` carries the message that the client is told.
Dial = Callable[[int], Awaitable[Connection]]


@dataclass(frozen=True, slots=True)
class Forwarder:
    """The pod behind the streams; ``sandbox`` is the id that its messages name."""

    sandbox: str
    dial: Dial

    async def forward(self, port: int, data: Stream, error: Stream) -> bool:
        """Carry one connection to its end; tell whether it went well."""
        try:
            reader, writer = await self.dial(port)
        except OSError as failure:
            await error.write(self._message(port, failure).encode())
            return False
        try:
            await _both_ways(reader, writer, data)
        finally:
            writer.close()
        return True

    def _message(self, port: int, failure: OSError) -> str:
        return (
            f"error forwarding port {port} to pod {self.sandbox}, uid : failed to execute portforward in network "
            f'namespace "/var/run/netns/cni-{self.sandbox[:8]}": failed to connect to localhost:{port} inside '
            f'namespace "{self.sandbox}", IPv4: {failure}'
        )


async def _both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: Stream) -> None:
    sending = asyncio.create_task(_copy_in(data, writer))
    try:
        while chunk := await reader.read(1 << 15):
            await data.write(chunk)
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _copy_in(data: Stream, writer: asyncio.StreamWriter) -> None:
    while chunk := await data.read():
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def serve_port_forward(
    request: web.Request, check: Callable[[], web.Response | None], forwarder: Forwarder
) -> web.StreamResponse:
    """Upgrade the request and forward until the client goes. ``check`` gives the kubelet's refusal."""
    if "websocket" in request.headers.get("Upgrade", "").lower():
        if _TUNNELLED in offered(request):
            return check() or await _tunnelled(request, forwarder)
        return check() or await _over_channels(request, forwarder)
    refused = check()
    if refused is not None:
        return refused
    names = request.headers.getall("X-Stream-Protocol-Version", [])
    if names and _PROTOCOL not in names:
        return protocol_refused(names, [_PROTOCOL])
    pipe = await upgraded(request, _PROTOCOL if names else "")
    await _over_spdy(pipe, forwarder)
    return pipe.response


async def _tunnelled(request: web.Request, forwarder: Forwarder) -> web.StreamResponse:
    socket = await open_socket(request, _TUNNELLED)
    await _over_spdy(WebSocketPipe(socket), forwarder)
    return socket


# --- SPDY ---


async def _over_spdy(pipe: BytePipe, forwarder: Forwarder) -> None:
    connection = SpdyConnection(pipe, refusal)
    pairs = _Pairs(connection, forwarder)
    running = asyncio.create_task(connection.run())
    try:
        async for stream in connection.streams():
            pairs.add(stream)
    finally:
        await pairs.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await pipe.close()


def refusal(headers: Mapping[str, str]) -> str:
    """Return why a stream with such headers is not taken; empty when it is."""
    port = headers.get("port", "")
    if not port.isdigit():
        return f"unable to parse {port!r} as a port" if port else '"port" header is required'
    if not 0 < int(port) <= _LARGEST_PORT:
        return f'port "{port}" must be > 0'
    kind = headers.get("streamtype", "")
    if kind not in ("error", "data"):
        return f'invalid stream type "{kind}"' if kind else '"streamType" header is required'
    return ""


def request_id(stream: SpdyStream) -> str:
    """Return what joins the two streams of a connection; old clients name none and open error before data."""
    given = stream.headers.get("requestid", "")
    if given:
        return given
    return str(stream.number if stream.headers["streamtype"] == "error" else stream.number - 2)


class _Pairs:
    """Joins streams to pairs and forwards each."""

    def __init__(self, connection: SpdyConnection, forwarder: Forwarder) -> None:
        self._connection = connection
        self._forwarder = forwarder
        self._waiting: dict[str, dict[str, SpdyStream]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, stream: SpdyStream) -> None:
        """Take a stream; begin to forward when its pair is complete."""
        identity = request_id(stream)
        pair = self._waiting.setdefault(identity, {})
        kind = stream.headers["streamtype"]
        if kind in pair:
            text = f"error processing stream for request {identity}: {kind} stream already assigned"
            self._spawn(pair["error"].write(text.encode()) if "error" in pair else stream.reset())
            return
        pair[kind] = stream
        if len(pair) == 1:
            self._spawn(self._watch(identity, pair))
        else:
            self._waiting.pop(identity)
            self._spawn(self._forward(pair["data"], pair["error"]))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, identity: str, pair: dict[str, SpdyStream]) -> None:
        await asyncio.sleep(_PAIR_DEADLINE_SECONDS)
        if self._waiting.get(identity) is pair:
            self._waiting.pop(identity)
            if "error" in pair:
                await pair["error"].write(f"(request={identity}) timed out waiting for streams".encode())
            self._connection.forget(*pair.values())

    async def _forward(self, data: SpdyStream, error: SpdyStream) -> None:
        well = await self._forwarder.forward(int(data.headers["port"]), data, error)
        if not well:
            await data.reset()
            await error.reset()
        await data.close()
        await error.close()
        self._connection.forget(data, error)

    async def stop(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


# --- channels ---


def asked_ports(values: Sequence[str]) -> list[int] | str:
    """Return the ports of ``port`` parameters, or what is wrong with them."""
    if not values:
        return 'query parameter "port" is required'
    ports = []
    for value in values:
        if not value:
            return 'query parameter "port" cannot be empty'
        for text in value.split(","):
            if not text.isdigit() or int(text) > _LARGEST_PORT:
                problem = "value out of range" if text.isdigit() else "invalid syntax"
                return f'unable to parse "{value}" as a port: strconv.ParseUint: parsing "{text}": {problem}'
            if int(text) < 1:
                return f'port "{value}" must be > 0'
            ports.append(int(text))
    return ports


async def _over_channels(request: web.Request, forwarder: Forwarder) -> web.StreamResponse:
    # The API's option is called ``ports``; the API server hands it to the kubelet as ``port``.
    ports = asked_ports([*request.query.getall("ports", []), *request.query.getall("port", [])])
    if isinstance(ports, str):
        return text_error(400, ports)
    form = choose_form(offered(request), PORT_FORMS)
    if form is None:
        return socket_refused()
    socket = await open_socket(request, form.name)
    connection = ChannelSocket(socket, form, 2 * len(ports), range(0, 2 * len(ports), 2))
    for index, port in enumerate(ports):
        for channel in (2 * index, 2 * index + 1):
            await connection.send(channel, struct.pack("<H", port))
    running = asyncio.create_task(connection.run())
    channels = connection.channels
    pairs = [
        asyncio.create_task(forwarder.forward(port, channels[2 * index], channels[2 * index + 1]))
        for index, port in enumerate(ports)
    ]
    everything = asyncio.ensure_future(asyncio.wait(pairs))
    try:
        await asyncio.wait([running, everything], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pair in pairs:
            pair.cancel()
        await everything
        await connection.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return socket
