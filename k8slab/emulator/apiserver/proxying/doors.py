"""The ``proxy`` subresources: what the URL names, then the request goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import aclosing

import orjson
from aiohttp import web

from k8slab.emulator.api import Dialer, LogOptions
from k8slab.emulator.apiserver.parameters import log_options
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.proxying.forwarding import Onward, forward
from k8slab.emulator.apiserver.proxying.locations import Location, asked_of, pod_location, service_location
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.streaming.errors import text_error
from k8slab.emulator.registry.options import ListOptions
from k8slab.kube.objects import Obj
from k8slab.kube.resources import ENDPOINTS, PODS
from k8slab.kube.status import ApiError, internal_error

_NOT_FOUND = 404


def _pod(services: Services, target: Target) -> Location:
    asked = asked_of(target.name, "pod")
    pod = services.registry.get(target.resource, target.namespace, asked.name).decode()
    return pod_location(pod, asked)


def _service(services: Services, target: Target) -> Location:
    asked = asked_of(target.name, "service")
    service = services.registry.get(target.resource, target.namespace, asked.name).decode()
    endpoints: Obj | None = None
    try:
        endpoints = services.registry.get(ENDPOINTS, target.namespace, asked.name).decode()
    except ApiError as error:
        if error.code != _NOT_FOUND:
            raise
    choose = random.SystemRandom().randrange
    return service_location(service, endpoints, asked, target.name, choose)


_LOCATIONS: Mapping[str, Callable[[Services, Target], Location]] = {"pods": _pod, "services": _service}


async def serve_proxy(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """Answer any method on ``.../NAME/proxy/PATH``."""
    prefix, rest = _split(request.rel_url.raw_path, target)
    if target.resource.plural == "nodes":
        services.registry.get(target.resource, "", target.name)
        return await _node(services, request, target, rest.lstrip("/"))
    location = _LOCATIONS[target.resource.plural](services, target)
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    if not rest:
        return web.Response(status=301, headers={"Location": f"{prefix}/{query}"})
    return await forward(request, Onward(prefix, rest + query, location), _dialer(services))


def _dialer(services: Services) -> Dialer:
    if services.dialer is None:
        raise internal_error("no network serves pods")
    return services.dialer


def _split(path: str, target: Target) -> tuple[str, str]:
    """Return the path of the proxy itself and what follows, still quoted as the client wrote it."""
    parts = path.lstrip("/").split("/")
    place = 7 if target.namespace else 5
    rest = parts[place:]
    return "/" + "/".join(parts[:place]), "/" + "/".join(rest) if rest else ""


async def _node(services: Services, request: web.Request, target: Target, path: str) -> web.StreamResponse:
    """Answer for the kubelet: its health, its pods, the logs of their containers."""
    if path == "healthz":
        return web.Response(text="ok")
    if path.rstrip("/") == "pods":
        page = services.registry.list(PODS, "", ListOptions(field_selector=f"spec.nodeName={target.name}"))
        items = [entry.decode() for entry in page.entries]
        body = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items}
        return web.Response(body=orjson.dumps(body), content_type="application/json")
    words = path.split("/")
    if words[0] == "containerLogs" and len(words) == 4:  # noqa: PLR2004 - namespace, pod, container
        return await _logs(services, request, words)
    return text_error(404, "404 page not found\n")


async def _logs(services: Services, request: web.Request, words: list[str]) -> web.StreamResponse:
    if services.pods is None:
        raise internal_error("no node serves pods")
    options: LogOptions = log_options({**request.query, "container": words[3]}, words[2])
    response = web.StreamResponse()
    await response.prepare(request)
    async with aclosing(services.pods.logs(words[1], words[2], options)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            await response.write(chunk)
    await response.write_eof()
    return response
