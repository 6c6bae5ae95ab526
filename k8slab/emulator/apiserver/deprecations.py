"""What every request to a deprecated resource hears (apiserver/pkg/endpoints/deprecation)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from k8slab.kube.resources import Resource

_DEPRECATED: Mapping[str, str] = {
    "endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    "componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
}
_HEARD = web.RequestKey("deprecation", str)


def note(request: web.Request, resource: Resource) -> None:
    """Remember the warning that the answer to a request must carry, if there is one."""
    text = resource.custom.warning if resource.custom else _DEPRECATED.get(resource.qualified_name, "")
    if text:
        request[_HEARD] = text


async def warn(request: web.Request, response: web.StreamResponse) -> None:
    """Add the warning to an answer of any form; a signal of the application."""
    text = request.get(_HEARD)
    if text:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
