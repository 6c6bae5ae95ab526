"""POST of a review: nothing is stored, the answer stands in its status."""

from __future__ import annotations

import orjson
from aiohttp import web

from k8slab.emulator.apiserver import parameters
from k8slab.emulator.apiserver.answers import answer
from k8slab.emulator.apiserver.authorization.reviews import REVIEWS, Asked
from k8slab.emulator.apiserver.bodies import Decoder, check_place, expected_kind, read_bytes
from k8slab.emulator.apiserver.callers import caller_of
from k8slab.emulator.apiserver.negotiation import negotiate
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.kube.status import method_not_allowed


async def review(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """Answer a review; raises ``ApiError``."""
    if request.method != "POST" or target.name:
        raise method_not_allowed()
    warnings: list[str] = []
    decoder = Decoder(services.schema, parameters.field_validation(request.query))
    body = decoder.raw(await read_bytes(request), request.headers.get("Content-Type", ""), expected_kind(target)[1])
    obj = decoder.typed(body, target, warnings)
    check_place(obj, target)
    asked = Asked(caller_of(request), target.namespace, services.authorizer, services.authenticator, services.clock)
    made = REVIEWS[target.resource.qualified_name](obj, asked)
    form = negotiate(request.headers.get("Accept", ""))
    return answer(services.schema, form, orjson.dumps(made), code=201, warnings=warnings)
