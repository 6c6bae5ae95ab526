"""WATCH: the log's bytes go to the client as they are (k8s.io/apiserver/pkg/endpoints/handlers/watch.go)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from random import Random

import orjson
from aiohttp import web

from k8slab.emulator.apiserver.negotiation import PROTOBUF, Form
from k8slab.emulator.apiserver.parameters import number, watch_options
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.transforms import event_object, include_object
from k8slab.emulator.store import Change
from k8slab.kube import protobuf
from k8slab.kube.status import ApiError

# k8s.io/apiserver/pkg/server/config.go: MinRequestTimeout; each watch lasts between this and twice this.
SHORTEST_SECONDS = 1800.0


@dataclass(slots=True)
class _Stream:
    """Writes events in one form."""

    services: Services
    target: Target
    form: Form
    include: str
    headers: bool = True

    def frame(self, change: Change) -> bytes:
        include = include_object(self.include)
        now = self.services.clock.now()
        transform = self.form.transform
        if change.type == "BOOKMARK" and transform == "Table":
            data = change.entry.data
        else:
            data = event_object(self.target.resource, transform, change.entry.data, include, now, headers=self.headers)
            self.headers = False
        return self._event(change.type, data)

    def error(self, error: ApiError) -> bytes:
        return self._event("ERROR", orjson.dumps(error.status))

    def _event(self, event_type: str, data: bytes) -> bytes:
        if self.form.media_type != PROTOBUF:
            return b'{"type":"' + event_type.encode() + b'","object":' + data + b"}\n"
        event = protobuf.watch_event(event_type, protobuf.encode(self.services.schema, orjson.loads(data)))
        return struct.pack(">I", len(event)) + event


async def serve_watch(services: Services, request: web.Request, target: Target, form: Form) -> web.StreamResponse:
    """Send events until the client goes, the time is up or the log is compacted under the watch."""
    options = watch_options(request.query)
    seconds = number(request.query, "timeoutSeconds")
    limit = float(seconds) if seconds else SHORTEST_SECONDS * (1 + Random().random())  # noqa: S311
    stream = _Stream(services, target, form, request.query.get("includeObject", ""))
    response = web.StreamResponse()
    response.content_type = form.media_type
    if form.media_type == PROTOBUF:
        response.headers["Content-Type"] = f"{PROTOBUF};stream=watch"
    # Refusals (wrong selectors, gone revisions) are answers; they come before the stream begins.
    changes = services.registry.watch(target.resource, target.namespace, options)
    async with aclosing(changes):
        await response.prepare(request)
        try:
            async with asyncio.timeout(limit):
                await _copy(changes, stream, response)
        except TimeoutError:
            pass
        except ApiError as error:
            await response.write(stream.error(error))
        except ConnectionError:
            return response
    await response.write_eof()
    return response


async def _copy(changes: AsyncIterator[Change], stream: _Stream, response: web.StreamResponse) -> None:
    async for change in changes:
        await response.write(stream.frame(change))
