"""The server as one aiohttp application: authenticate, find what the path names, answer or explain."""

from __future__ import annotations

import logging

from aiohttp import web

from k8slab.emulator.apiserver import deprecations
from k8slab.emulator.apiserver.answers import error_answer, json_answer
from k8slab.emulator.apiserver.authorization.attributes import attributes_of
from k8slab.emulator.apiserver.authorization.impersonation import impersonated
from k8slab.emulator.apiserver.authorization.reviews import REVIEWS
from k8slab.emulator.apiserver.bodies import LIMIT_BYTES, WARNINGS
from k8slab.emulator.apiserver.callers import CALLER
from k8slab.emulator.apiserver.documents import document
from k8slab.emulator.apiserver.paths import Target, target_of
from k8slab.emulator.apiserver.pod_doors import POD_DOORS
from k8slab.emulator.apiserver.proxying.doors import serve_proxy
from k8slab.emulator.apiserver.reviewing import review
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.verbs import verb_of
from k8slab.emulator.store import StoreError
from k8slab.kube.status import ApiError, failure, internal_error
from k8slab.kube.subresources import subresource_of

_LOG = logging.getLogger(__name__)


def build_app(services: Services) -> web.Application:
    """Return the application; it holds no state of its own."""
    app = web.Application(client_max_size=LIMIT_BYTES, handler_args={"auto_decompress": True})
    server = _Server(services)
    app.router.add_route("*", "/{path:.*}", server.handle)
    app.on_response_prepare.append(deprecations.warn)
    return app


class _Server:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; every failure is a ``Status``."""
        self._services.used()
        try:
            return await self._answer(request)
        except ApiError as error:
            failed = error
        except StoreError as error:
            failed = internal_error(str(error))
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the client gets a Status and the others go on
            _LOG.exception("%s %s failed", request.method, request.path_qs)
            failed = internal_error("the server met a mistake of its own; its log file has the details")
        return error_answer(self._services.schema, failed, request.headers.get("Accept", ""), request.get(WARNINGS, ()))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self._authorize(request)
        page = await document(self._services, request) if request.method in ("GET", "HEAD") else None
        if page is not None:
            return page
        extra = self._services.extras.get(request.path)
        if extra is not None:
            return json_answer(await extra())
        target = target_of(self._services.catalog, request.rel_url.raw_path)
        if target is None:
            raise _no_such_path()
        deprecations.note(request, target.resource)
        return await self._serve(request, target)

    def _authorize(self, request: web.Request) -> None:
        """Find out who asks, and whether they may; raises ``ApiError`` 401 or 403."""
        authorizer = self._services.authorizer
        caller = self._services.authenticator.caller(request)
        caller = impersonated(authorizer, caller, request.headers, request.path)
        authorizer.demand(caller, attributes_of(request.method, request.rel_url.raw_path, request.query))
        request[CALLER] = caller

    async def _serve(self, request: web.Request, target: Target) -> web.StreamResponse:
        if target.subresource == "proxy":
            return await serve_proxy(self._services, request, target)
        door = POD_DOORS.get(target.subresource) if target.resource.plural == "pods" else None
        if door is not None:
            return await door(self._services, request, target)
        resource = target.resource
        if resource.qualified_name in REVIEWS:
            return await review(self._services, request, target)
        allowed = subresource_of(resource, target.subresource).verbs if target.subresource else resource.verbs
        return await verb_of(request, target, allowed)(self._services, request, target)


def _no_such_path() -> ApiError:
    return failure(404, "NotFound", "the server could not find the requested resource", {})
