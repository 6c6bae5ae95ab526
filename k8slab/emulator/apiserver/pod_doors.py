"""The ways into a pod: its log and commands in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

from aiohttp import web

from k8slab.emulator.api import PodAccess
from k8slab.emulator.apiserver.exec_session import serve_exec
from k8slab.emulator.apiserver.parameters import log_options
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.kube.status import bad_request, internal_error


def _pods(services: Services, target: Target) -> PodAccess:
    services.registry.get(target.resource, target.namespace, target.name)
    if services.pods is None:
        raise internal_error("no node serves pods")
    return services.pods


async def _serve_log(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET of ``pods/NAME/log``: plain text, endless with ``follow``."""
    pods = _pods(services, target)
    options = log_options(request.query)
    response = web.StreamResponse()
    response.content_type = "text/plain"
    async with aclosing(pods.logs(target.namespace, target.name, options)) as chunks:  # type: ignore[type-var]
        # The first chunk tells whether there is a log at all; a refusal must come before the headers.
        first = await anext(chunks, None)
        await response.prepare(request)
        if first is not None:
            await response.write(first)
        async for chunk in chunks:
            await response.write(chunk)
    await response.write_eof()
    return response


async def _serve_exec(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET with an upgrade to WebSocket of ``pods/NAME/exec``."""
    pods = _pods(services, target)
    if "websocket" not in request.headers.get("Upgrade", "").lower():
        raise bad_request("unable to upgrade: exec needs a WebSocket (kubectl 1.31 or newer)")
    return await serve_exec(pods, request, target)


POD_DOORS: Mapping[str, Callable[[Services, web.Request, Target], Awaitable[web.StreamResponse]]] = {
    "log": _serve_log,
    "exec": _serve_exec,
}
