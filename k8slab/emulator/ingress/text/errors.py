"""Error pages of another Service (custom-http-errors, default-backend)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.ingress.text.files import DEFAULT_BACKEND, Files
from k8slab.emulator.ingress.text.proxying import header_lines, headers, is_remote, upstream_name
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Location, Model, Server
from k8slab.routing.settings import Settings


def _codes(location: Location, configuration: Configuration) -> tuple[int, ...]:
    if location.settings.no_intercept or configuration.no_intercept:
        return ()
    return location.settings.custom_errors or configuration.custom_errors


def _name(location: Location, code: int) -> str:
    backend = location.fallback if location.settings.custom_errors and not location.implicit else None
    return f"@custom_{backend.name if backend else DEFAULT_BACKEND}_{code}"


def error_lines(location: Location, configuration: Configuration) -> Iterator[str]:
    """Yield where the errors of a location go."""
    codes = _codes(location, configuration)
    if codes:
        yield "proxy_intercept_errors on;"
    yield from (f"error_page {code} = {quoted(_name(location, code))};" for code in codes)


def error_locations(server: Server, model: Model, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the named locations that a server's error pages need."""
    made: dict[str, tuple[Location, int]] = {}
    for location in server.locations:
        for code in _codes(location, configuration):
            made.setdefault(_name(location, code), (location, code))
    for name, (location, code) in made.items():
        yield f"location {quoted(name)} {{"
        yield "  internal;\n      proxy_intercept_errors off;"
        yield from _page(location, code, model, configuration, files)
        yield "}"


def _page(location: Location, code: int, model: Model, configuration: Configuration, files: Files) -> Iterator[str]:
    own = location.settings.custom_errors and not location.implicit
    backend = location.fallback if own else None
    if backend is None and not own and model.default is None:
        # The built-in default backend answers 404 itself, which is an error page again: nginx gives up (measured).
        yield "  return 500;"
        return
    backend = backend or (model.default if not own else None)
    remote = is_remote(location, files) if backend is not None and own else False
    name = upstream_name(backend, forwarded=remote or (backend is not None and backend.name in files.remote))
    yield f"  set $proxy_upstream_name {quoted(backend.name if backend else DEFAULT_BACKEND)};"
    given = {"X-Code": str(code), "X-Format": "$http_accept", "X-Original-URI": "$request_uri",
             "X-Namespace": "$namespace", "X-Ingress-Name": "$ingress_name", "X-Service-Name": "$service_name",
             "X-Service-Port": "$service_port"}  # fmt: skip
    base = headers(Location("/", "Prefix", None, Settings()), configuration, files)
    yield from (f"  {line}" for line in header_lines({**base, **given}))
    if backend is None or remote or backend.name in files.remote:
        yield "  proxy_method $request_method;"
    yield f"  rewrite (.*) / break;\n      proxy_pass http://{name};"
