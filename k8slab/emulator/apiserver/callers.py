"""Who sent a request, as the server found out before it looked at anything else."""

from __future__ import annotations

from aiohttp import web

from k8slab.emulator.api import Caller

CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Return the user of an authenticated request (the impersonated one where headers name one)."""
    found: Caller = request[CALLER]
    return found
