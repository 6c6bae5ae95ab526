"""The ways into a pod: its log, commands in it, its program's streams, its ports."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from aiohttp import web

from k8slab.emulator.api import DialError, Door, ExecRequest, PodAccess
from k8slab.emulator.apiserver.parameters import flag, log_options
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.streaming.commands import CommandStreams, serve_command
from k8slab.emulator.apiserver.streaming.errors import text_error
from k8slab.emulator.apiserver.streaming.port_forward import Connection, Forwarder, serve_port_forward
from k8slab.kube.objects import Obj, uid_of
from k8slab.kube.status import ApiError, bad_request, internal_error

Handler = Callable[[Services, web.Request, Target], Awaitable[web.StreamResponse]]


def _found(services: Services, target: Target) -> tuple[PodAccess, Obj]:
    pod = services.registry.get(target.resource, target.namespace, target.name).decode()
    if services.pods is None:
        raise internal_error("no node serves pods")
    return services.pods, pod


def container_of(pod: Obj, wanted: str) -> str:
    """Return the container that is meant (k8s.io/kubernetes/pkg/registry/core/pod: validateContainer)."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    fields = ("initContainers", "containers", "ephemeralContainers")
    names = [entry["name"] for field in fields for entry in spec.get(field) or []]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]")


def _bound(pod: Obj) -> None:
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")


def _upgrades(request: web.Request) -> None:
    connection = request.headers.get("Connection", "").lower()
    if "upgrade" not in connection or not request.headers.get("Upgrade"):
        raise bad_request("Upgrade request required")


async def _serve_log(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET of ``pods/NAME/log``: plain text, endless with ``follow``."""
    options = log_options(request.query, target.name)
    pods, pod = _found(services, target)
    options = replace(options, container=container_of(pod, options.container))
    response = web.StreamResponse()
    response.content_type = "text/plain"
    if not pod["spec"].get("nodeName"):
        return web.Response()
    async with aclosing(pods.logs(target.namespace, target.name, options)) as chunks:  # type: ignore[type-var]
        # The first chunk tells whether there is a log at all; a refusal must come before the headers.
        first = asyncio.ensure_future(anext(chunks, None))
        await asyncio.wait({first}, timeout=0.05)
        if first.done():
            first.result()
        await response.prepare(request)
        chunk = await first
        while chunk is not None:
            await response.write(chunk)
            chunk = await anext(chunks, None)
    await response.write_eof()
    return response


def _session(
    services: Services, request: web.Request, target: Target, door: Door
) -> tuple[PodAccess, ExecRequest, Callable[[], None]]:
    pods, pod = _found(services, target)
    container = container_of(pod, request.query.get("container", ""))
    _bound(pod)
    _upgrades(request)
    command = tuple(request.query.getall("command", []))
    wanted = ExecRequest(container, command, flag(request.query, "stdin"), flag(request.query, "tty"))
    return pods, wanted, lambda: pods.check(target.namespace, target.name, container, door)


async def _serve_exec(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET or POST with an upgrade of ``pods/NAME/exec``; ``command`` may be repeated."""
    pods, wanted, check = _session(services, request, target, "exec")

    async def work(streams: CommandStreams) -> int:
        return await pods.exec(target.namespace, target.name, wanted, streams)

    return await serve_command(request, check, work)


async def _serve_attach(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET or POST with an upgrade of ``pods/NAME/attach``."""
    pods, wanted, check = _session(services, request, target, "attach")

    async def work(streams: CommandStreams) -> int:
        await pods.attach(target.namespace, target.name, wanted, streams)
        return 0

    return await serve_command(request, check, work)


async def _serve_port_forward(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET or POST with an upgrade of ``pods/NAME/portforward``."""
    pods, pod = _found(services, target)
    _bound(pod)
    _upgrades(request)

    def check() -> web.Response | None:
        try:
            pods.check(target.namespace, target.name, "", "portforward")
        except ApiError as error:
            return text_error(error.code, str(error.status["message"]))
        return None

    async def dial(port: int) -> Connection:
        try:
            route = await pods.connect(target.namespace, target.name, port)
        except DialError as error:
            refused = "connect: connection refused"
            text = f"dial tcp4 127.0.0.1:{port}: {refused} IPv6 dial tcp6 [::1]:{port}: {refused} "
            raise ConnectionRefusedError(text) from error
        reader, writer = await asyncio.open_unix_connection(route.socket_path)
        writer.write(route.preamble)
        return reader, writer

    sandbox = hashlib.sha256(f"sandbox/{uid_of(pod)}".encode()).hexdigest()
    return await serve_port_forward(request, check, Forwarder(sandbox, dial))


POD_DOORS: Mapping[str, Handler] = {
    "log": _serve_log,
    "exec": _serve_exec,
    "attach": _serve_attach,
    "portforward": _serve_port_forward,
}
