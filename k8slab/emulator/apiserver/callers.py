"""Who sent a request, as the server found out before it looked at anything else."""

from __future__ import annotations

from aiohttp import web

from k8slab.emulator.api import Caller
from k8slab.kube.objects import Obj

CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Return the user of an authenticated request (the impersonated one where headers name one)."""
    found: Caller = request[CALLER]
    return found


def user_info(caller: Caller) -> Obj:
    """Return a user as ``authentication.k8s.io/v1`` UserInfo."""
    extra = {key: list(values) for key, values in caller.extra.items()}
    info = {"username": caller.name, "uid": caller.uid, "groups": list(caller.groups), "extra": extra}
    return {key: value for key, value in info.items() if value}
