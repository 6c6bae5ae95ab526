"""Writes with admission in between: what would be written is shown to the webhooks before it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from k8slab.emulator.apiserver import parameters
from k8slab.emulator.apiserver.authorization.authorizer import is_superuser
from k8slab.emulator.apiserver.authorization.escalation import demand_held, grants
from k8slab.emulator.apiserver.callers import caller_of
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.webhooks.matching import Attempt
from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj, dig

# Writes the given object (None: what the request itself says), or only says what would be written.
Write = Callable[[Obj | None, bool], Awaitable[Entry]]


async def admitted(
    services: Services, request: web.Request, target: Target, operation: str, write: Write, warnings: list[str]
) -> Entry:
    """Do a write after the webhooks were asked; raises ``ApiError``."""
    dry_run = parameters.dry_run(request.query)
    admission = services.admission
    if admission is None or not admission.wanted(target.resource):
        return await _written(services, request, target, write, None)
    caller = caller_of(request)
    old = _present(services, target) if operation == "UPDATE" else None
    new = (await write(None, True)).decode()
    name = target.name or str(dig(new, "metadata", "name", default=""))
    attempt = Attempt(target.resource, target.namespace, name, target.subresource, operation, new, old, dry_run)
    changed = await admission.mutate(attempt, caller, warnings)
    given = None if changed is attempt else _resettable(changed.new)
    await admission.validate(changed, caller, warnings)
    return await _written(services, request, target, write, given)


async def _written(services: Services, request: web.Request, target: Target, write: Write, given: Obj | None) -> Entry:
    """Write; a role or binding only when the caller holds what it grants."""
    if grants(target.resource) and not is_superuser(caller_of(request)):
        old, new = _present(services, target), (await write(given, True)).decode()
        demand_held(services.authorizer, caller_of(request), target.resource, target.namespace, new=new, old=old)
    return await write(given, parameters.dry_run(request.query))


def _present(services: Services, target: Target) -> Obj | None:
    # By the resource, never by the kind: a user's group may have a kind of the same name.
    if not target.name or not services.registry.exists(target.resource, target.namespace, target.name):
        return None
    return services.registry.get(target.resource, target.namespace, target.name).decode()


def _resettable(obj: Obj | None) -> Obj | None:
    """Return an object without what the dry run gave it, so that it can be written anew."""
    if obj is None:
        return None
    meta = {key: value for key, value in obj["metadata"].items() if key not in ("resourceVersion", "uid")}
    return {**obj, "metadata": meta}


async def admit_deletion(services: Services, request: web.Request, target: Target) -> None:
    """Ask the webhooks about a DELETE; raises ``ApiError``."""
    admission = services.admission
    if admission is None or not admission.wanted(target.resource):
        return
    caller = caller_of(request)
    old = _present(services, target)
    if old is None:
        return
    dry_run = parameters.dry_run(request.query)
    attempt = Attempt(target.resource, target.namespace, target.name, "", "DELETE", None, old, dry_run)
    await admission.validate(await admission.mutate(attempt, caller, []), caller, [])
