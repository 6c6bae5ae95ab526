"""Several streams over one WebSocket (k8s.io/apimachinery/pkg/util/httpstream/wsstream).

Each message begins with its channel: a byte, or in the base64 forms a digit with the rest encoded. The fifth version of
the command protocol adds channel 255: its second byte names a channel that the client ends.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import WSMsgType, web

_CLOSE = 255
_DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class Form:
    """How a subprotocol writes messages. ``closes``: channels can end. ``status``: the last word is a ``Status``."""

    name: str = ""
    base64: bool = False
    closes: bool = False
    status: bool = False

    def encode(self, channel: int, data: bytes) -> bytes:
        """Return the message that carries data of a channel."""
        if self.base64:
            return str(channel).encode() + base64.b64encode(data)
        return bytes([channel]) + data

    def decode(self, message: bytes) -> tuple[int, bytes] | None:
        """Return channel and data of a message, or None for one that cannot be read."""
        if not message:
            return None
        if not self.base64:
            return message[0], message[1:]
        if message[0] not in _DIGITS:
            return None
        try:
            return int(message[:1]), base64.b64decode(message[1:], validate=True)
        except binascii.Error:
            return None


COMMAND_FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("v5.channel.k8s.io", closes=True, status=True),
        Form("v4.channel.k8s.io", status=True),
        Form("v4.base64.channel.k8s.io", base64=True, status=True),
        Form("channel.k8s.io"),
        Form("base64.channel.k8s.io", base64=True),
        Form(""),
    )
}
PORT_FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (Form("v4.channel.k8s.io"), Form("v4.base64.channel.k8s.io", base64=True), Form(""))
}  # fmt: skip


def offered(request: web.Request) -> list[str]:
    """Return the subprotocols that the client names; one empty text when it names none."""
    text = request.headers.get("Sec-WebSocket-Protocol", "")
    return [name.strip() for name in text.split(",")] if text.strip() else [""]


def choose_form(names: Sequence[str], forms: Mapping[str, Form]) -> Form | None:
    """Return the form of the client's first name that is known, or None."""
    return next((forms[name] for name in names if name in forms), None)


class Channel:
    """One stream of a connection."""

    def __init__(self, socket: ChannelSocket, number: int) -> None:
        self._socket = socket
        self._number = number
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = False

    def take(self, data: bytes) -> None:
        """Keep what came; empty data ends the stream."""
        if not self._ended:
            self._ended = not data
            self._incoming.put_nowait(data)

    async def read(self) -> bytes:
        """Return the next bytes; empty at the end."""
        data = await self._incoming.get()
        if not data:
            self._incoming.put_nowait(b"")
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        await self._socket.send(self._number, data)

    async def close(self) -> None:
        """End our half: a server cannot say so, it closes the WebSocket when all is sent."""


class ChannelSocket:
    """A WebSocket with channels; ``readable`` are those that the client may write to."""

    def __init__(self, socket: web.WebSocketResponse, form: Form, count: int, readable: Iterable[int]) -> None:
        self._socket = socket
        self.form = form
        self.channels = [Channel(self, number) for number in range(count)]
        self._readable = frozenset(readable)

    async def run(self) -> None:
        """Take the client's messages until it goes; then every channel has ended."""
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY or message.type is WSMsgType.TEXT:
                    self._take(message.data if isinstance(message.data, bytes) else message.data.encode())
        finally:
            for channel in self.channels:
                channel.take(b"")

    def _take(self, message: bytes) -> None:
        found = self.form.decode(message)
        if found is None:
            return
        number, data = found
        if number == _CLOSE and self.form.closes and data:
            number, data = data[0], b""
        elif not data:
            return
        if number in self._readable:
            self.channels[number].take(data)

    async def send(self, number: int, data: bytes) -> None:
        """Send data of a channel; nothing happens when the client is gone."""
        if self._socket.closed:
            return
        with suppress(ConnectionError):
            message = self.form.encode(number, data)
            if self.form.base64:
                await self._socket.send_str(message.decode())
            else:
                await self._socket.send_bytes(message)

    async def close(self) -> None:
        """Close the WebSocket."""
        with suppress(ConnectionError):
            await self._socket.close()


async def open_socket(request: web.Request, name: str) -> web.WebSocketResponse:
    """Answer the upgrade to WebSocket with the chosen subprotocol."""
    socket = web.WebSocketResponse(protocols=(name,) if name else (), max_msg_size=0, compress=False)
    await socket.prepare(request)
    return socket
