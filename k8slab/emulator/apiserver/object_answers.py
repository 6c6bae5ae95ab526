"""The answer that carries one object, in the view that the client asked for."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from k8slab.emulator.apiserver.answers import answer
from k8slab.emulator.apiserver.bodies import is_custom
from k8slab.emulator.apiserver.negotiation import negotiate
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.transforms import include_object, transformed_object
from k8slab.kube.resources import Resource

# What a Scale is printed as; it has no URL of its own.
SCALES = Resource("autoscaling", "v1", "Scale", "scales", "scale")


def object_answer(services: Services, request: web.Request, target: Target, data: bytes, **more: Any) -> web.Response:
    """Return the object's JSON, or its ``Table`` or metadata."""
    form = negotiate(request.headers.get("Accept", ""), protobuf=not is_custom(target))
    if form.transform:
        include = include_object(request.query.get("includeObject", ""))
        resource = SCALES if target.subresource == "scale" else target.resource
        data = transformed_object(resource, form.transform, data, include, services.clock.now())
    return answer(services.schema, form, data, **more)
