"""Pages that need no objects: discovery, OpenAPI, version, health."""

from __future__ import annotations

import orjson
from aiohttp import web

from k8slab.emulator.apiserver.answers import json_answer
from k8slab.emulator.apiserver.negotiation import JSON, forms
from k8slab.emulator.apiserver.services import Services
from k8slab.kube import discovery, openapi

_AGGREGATED = "APIGroupDiscoveryList"
_AGGREGATED_TYPE = f"{JSON};g=apidiscovery.k8s.io;v=v2;as={_AGGREGATED}"
_SWAGGER_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_HEALTH = ("/healthz", "/livez", "/readyz")
_CHECKS = ("ping", "log", "etcd")


async def document(services: Services, request: web.Request) -> web.Response | None:
    """Return the page at the request's path, or None when it is not one of these."""
    parts = request.path.strip("/").split("/")
    if parts[0] in ("api", "apis"):
        return _discovery(services, request, parts)
    if parts[:2] == ["openapi", "v3"]:
        now, wanted = services.clock.now(), request.query.get("hash", "")
        return await services.openapi.answer(services.schema, services.catalog, parts[2:], wanted, now)
    if parts[:2] == ["openapi", "v2"]:
        return _openapi_v2(request)
    if parts == ["version"]:
        return web.Response(body=orjson.dumps(discovery.VERSION, option=orjson.OPT_INDENT_2), content_type=JSON)
    if request.path.rstrip("/") in _HEALTH:
        return _health(request)
    return None


def _wants_aggregated(request: web.Request) -> bool:
    accepted = forms(request.headers.get("Accept", ""))
    return any(found.get("as") == _AGGREGATED and found.get("v") == "v2" for _, found in accepted)


def _discovery(services: Services, request: web.Request, parts: list[str]) -> web.Response | None:
    catalog = services.catalog
    core = parts[0] == "api"
    if len(parts) == 1:
        if _wants_aggregated(request):
            response = json_answer(discovery.aggregated(catalog, core=core))
            response.headers["Content-Type"] = _AGGREGATED_TYPE
            return response
        return json_answer(discovery.core_versions(services.server) if core else discovery.group_list(catalog))
    group, version = ("", parts[1]) if core else (parts[1], parts[2] if len(parts) > 2 else "")  # noqa: PLR2004
    found = discovery.resource_list(catalog, group, version) if version else discovery.group(catalog, group)
    last = 2 if core or not version else 3
    return json_answer(found) if found is not None and len(parts) == last else None


def _openapi_v2(request: web.Request) -> web.Response:
    """Answer an OpenAPI v2 document without paths: kubectl reads it for ``kind: List`` only, skipping what it lacks."""
    if "protobuf" in request.headers.get("Accept", ""):
        return web.Response(body=openapi.SWAGGER_PROTOBUF, headers={"Content-Type": _SWAGGER_TYPE})
    return json_answer({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.34.4"}, "paths": {}})


def _health(request: web.Request) -> web.Response:
    if "verbose" not in request.query:
        return web.Response(text="ok")
    name = request.path.strip("/")
    lines = [f"[+]{check} ok" for check in _CHECKS]
    return web.Response(text="\n".join([*lines, f"{name} check passed", ""]))
