"""The verbs of the API on collections, objects and their parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from aiohttp import web

from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.apiserver import parameters
from k8slab.emulator.apiserver.admitted import admit_deletion, admitted
from k8slab.emulator.apiserver.answers import answer
from k8slab.emulator.apiserver.bodies import (
    WARNINGS,
    Decoder,
    adder,
    check_place,
    expected_kind,
    is_custom,
    named,
    read_bytes,
)
from k8slab.emulator.apiserver.callers import caller_of
from k8slab.emulator.apiserver.negotiation import Form, negotiate
from k8slab.emulator.apiserver.object_answers import object_answer
from k8slab.emulator.apiserver.patches import patch
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.transforms import include_object, transformed_list
from k8slab.emulator.apiserver.watching import serve_watch
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, method_not_allowed

Verb = Callable[[Services, web.Request, Target], Awaitable[web.StreamResponse]]


def _form(request: web.Request, target: Target) -> Form:
    return negotiate(request.headers.get("Accept", ""), protobuf=not is_custom(target))


async def get(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET of one object or its part; with ``watch`` a watch of that one object."""
    if parameters.flag(request.query, "watch"):
        return await _watch(services, request, target)
    entry = services.registry.get(target.resource, target.namespace, target.name, subresource=target.subresource)
    return object_answer(services, request, target, entry.data)


async def list_or_watch(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """GET of a collection."""
    if parameters.flag(request.query, "watch"):
        return await _watch(services, request, target)
    form = _form(request, target)
    page = services.registry.list(target.resource, target.namespace, parameters.list_options(request.query))
    body = page.body(target.resource)
    if form.transform:
        include = include_object(request.query.get("includeObject", ""))
        body = transformed_list(target.resource, form.transform, body, include, services.clock.now())
    return answer(services.schema, form, body)


async def _watch(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    return await serve_watch(services, request, target, _form(request, target))


async def _body(services: Services, request: web.Request, target: Target, warnings: list[str]) -> Obj:
    decoder = Decoder(services.schema, parameters.field_validation(request.query, parameters.OPTIONS[request.method]))
    kind = expected_kind(target)[1]
    body = decoder.raw(await read_bytes(request), request.headers.get("Content-Type", ""), kind)
    obj = decoder.typed(body, target, warnings)
    if request.method == "PUT":
        return named(obj, target)
    check_place(obj, target)
    return obj


async def create(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """POST to a collection, or to a part such as ``binding``."""
    warnings = request[WARNINGS] = []
    options = _options(request)
    obj = await _body(services, request, target, warnings)

    async def write(changed: Obj | None, dry: bool) -> Entry:
        made = obj if changed is None else changed
        how = replace(options, dry_run=dry, managers_given=changed is not None, warn=adder(warnings))
        how = replace(how, caller=caller_of(request))
        return await services.registry.create(
            target.resource, target.namespace, made, subresource=target.subresource, name=target.name, options=how
        )

    entry = await admitted(services, request, target, "CREATE", write, warnings)
    return object_answer(services, request, target, entry.data, code=201, warnings=warnings)


async def update(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """PUT of an object or its part."""
    warnings = request[WARNINGS] = []
    options = _options(request)
    obj = await _body(services, request, target, warnings)

    async def write(changed: Obj | None, dry: bool) -> Entry:
        made = obj if changed is None else changed
        how = replace(options, dry_run=dry, managers_given=changed is not None, warn=adder(warnings))
        return await services.registry.update(
            target.resource, target.namespace, target.name, made, subresource=target.subresource, options=how
        )

    entry = await admitted(services, request, target, "UPDATE", write, warnings)
    return object_answer(services, request, target, entry.data, warnings=warnings)


def _options(request: web.Request) -> WriteOptions:
    return parameters.write_options(request.method, request.query, request.headers.get("User-Agent", ""))


async def delete(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """DELETE of an object."""
    options = await _delete_options(services, request)
    await admit_deletion(services, request, target)
    outcome = await services.registry.delete(target.resource, target.namespace, target.name, options)
    code = 200 if outcome.deleted else 202 if _is_waiting(options) else 200
    return answer(services.schema, negotiate(request.headers.get("Accept", "")), outcome.body(), code=code)


def _is_waiting(options: DeleteOptions) -> bool:
    # Only clients that said what to do with dependents hear "accepted" (endpoints/handlers/delete.go).
    return options.propagation_policy == "Foreground"


async def delete_collection(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """DELETE of everything that the selectors find."""
    options = await _delete_options(services, request)
    selection = parameters.list_options(request.query)
    page = await services.registry.delete_collection(target.resource, target.namespace, options, selection)
    return answer(services.schema, Form(), page.body(target.resource))


async def _delete_options(services: Services, request: web.Request) -> DeleteOptions:
    data = await read_bytes(request)
    body = Decoder(services.schema).raw(data, request.headers.get("Content-Type", "")).obj if data else {}
    return parameters.delete_options(request.query, body)


_COLLECTION: Mapping[str, tuple[str, Verb]] = {
    "GET": ("list", list_or_watch),
    "HEAD": ("list", list_or_watch),
    "POST": ("create", create),
    "DELETE": ("deletecollection", delete_collection),
}
_OBJECT: Mapping[str, tuple[str, Verb]] = {
    "GET": ("get", get),
    "HEAD": ("get", get),
    "PUT": ("update", update),
    "PATCH": ("patch", patch),
    "DELETE": ("delete", delete),
}
_PART: Mapping[str, tuple[str, Verb]] = {**_OBJECT, "POST": ("create", create)}


def verb_of(request: web.Request, target: Target, allowed: tuple[str, ...]) -> Verb:
    """Return what serves the method on the target; raises ``ApiError`` 405."""
    table = _PART if target.subresource else _OBJECT if target.name else _COLLECTION
    name, verb = table.get(request.method, ("", get))
    if name not in allowed:
        raise _refused()
    return verb


def _refused() -> ApiError:
    return method_not_allowed()
