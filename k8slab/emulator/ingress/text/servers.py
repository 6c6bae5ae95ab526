"""The ``server`` blocks: one for each host, and those that lead from or to ``www.``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.emulator.ingress.text.access import auth_locations, url_target
from k8slab.emulator.ingress.text.errors import error_locations
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.locations import head_text, location_lines, mirror_path
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.emulator.ingress.text.upstreams import host_upstream
from k8slab.routing.configuration import Configuration
from k8slab.routing.matching import heads
from k8slab.routing.model import CATCH_ALL, Location, Model, Server


def server_lines(model: Model, server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the server of one host."""
    yield "  server {"
    yield f"    server_name {' '.join(server_name(name) for name in (server.host, *server.aliases))};"
    yield from _listens(files, configuration, " default_server" if server.host == CATCH_ALL else "")
    yield from _tls(server, configuration, files)
    yield '    set $proxy_upstream_name "-"; set $proxy_alternative_upstream_name "";'
    root = next((entry.settings.app_root for entry in server.locations if entry.settings.app_root), "")
    if root:
        yield f"    if ($uri = /) {{ return 302 {quoted(f'$scheme://$http_host{root}')}; }}"
    if server.host == CATCH_ALL:
        yield "    location /healthz { access_log off; return 200; }"
    if server.settings.server_snippet:
        yield f"    {server.settings.server_snippet}"
    yield from (f"    {line}" for line in error_locations(server, model, configuration, files))
    yield from _helpers(server, configuration, files)
    blocks: dict[int, list[str]] = {}
    for head in heads(server):
        # A Prefix path stands twice with the same directives: they are made once.
        if id(head.location) not in blocks:
            lines = location_lines(head.location, server, configuration, files)
            blocks[id(head.location)] = [f"      {line}" for line in lines]
        yield f"    location {head_text(head)} {{"
        yield from blocks[id(head.location)]
        yield "    }"
    yield "  }"


def www_lines(model: Model, server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the server that leads ``www.X`` to ``X``, or the other way round."""
    host = server.host
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    if not any(entry.settings.from_to_www for entry in server.locations) or other in model.servers:
        return
    yield "  server {"
    yield f"    server_name {server_name(other)};"
    yield from _listens(files, configuration, "")
    yield from _certificate(server, files)
    target = quoted(f"$scheme://{host}:$pass_port$request_uri_noslash")
    yield f"    return 308 {target};"
    yield "  }"


def server_name(host: str) -> str:
    """Return a host as ``server_name`` takes it; a wildcard stands for one label."""
    if not host.startswith("*."):
        return quoted(host)
    rest = re.escape(host.removeprefix("*")).replace("\\-", "-")
    return '"~^(?<subdomain>[\\w-]+)' + rest + '$"'


def _listens(files: Files, configuration: Configuration, default: str) -> Iterator[str]:
    yield f"    listen {quoted('unix:' + files.ports[80])} proxy_protocol{default};"
    yield f"    listen {quoted('unix:' + files.ports[443])} proxy_protocol ssl{default};"
    if configuration.http2:
        yield "    http2 on;"


def _certificate(server: Server, files: Files) -> Iterator[str]:
    certificate = quoted(files.certificates.get(f"{server.tls} {server.host}") or files.default_certificate)
    yield f"    ssl_certificate {certificate};\n    ssl_certificate_key {certificate};"


def _tls(server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    settings = server.settings
    yield from _certificate(server, files)
    if settings.ssl_ciphers:
        yield f"    ssl_ciphers {quoted(settings.ssl_ciphers)};"
    if settings.ssl_prefer_server_ciphers is not None:
        yield f"    ssl_prefer_server_ciphers {'on' if settings.ssl_prefer_server_ciphers else 'off'};"
    if configuration.hsts:
        yield f"    more_set_headers {quoted('Strict-Transport-Security: $hsts')};"
    authority = files.secrets.get(f"ca {settings.tls_secret}") if settings.tls_secret else None
    if authority:
        yield f"    ssl_client_certificate {quoted(authority)};"
        yield f"    ssl_verify_client {settings.tls_verify_client};\n    ssl_verify_depth {settings.tls_verify_depth};"
        if settings.tls_error_page:
            yield f"    error_page 495 496 = {quoted(settings.tls_error_page)};"


def _helpers(server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the internal locations that others of the server use, each once."""
    seen: set[str] = set()
    for location in server.locations:
        block = [*auth_locations(location, configuration, files), *_mirror_location(location, files)]
        text = "\n".join(f"    {line}" for line in block)
        if text and text not in seen:
            seen.add(text)
            yield text


def _mirror_location(location: Location, files: Files) -> Iterator[str]:
    settings = location.settings
    target = url_target(settings.mirror_target)
    if not settings.mirror_target:
        return
    scheme, _, rest = settings.mirror_target.partition("://")
    host, _, path = rest.partition("/")
    yield f"location = {quoted(mirror_path(location))} {{"
    yield "  internal;\n      access_log off;\n      proxy_method $request_method;"
    yield f"  proxy_set_header Host {quoted(settings.mirror_host or host)};"
    if target in files.hosts:
        uri = f"/{path}" if path else ""
        yield f"  proxy_pass {quoted(f'{scheme}://{host_upstream(target)}{uri}')};"
    else:
        yield "  return 204;"
    yield "}"
