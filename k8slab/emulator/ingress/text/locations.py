"""The ``location`` blocks of a host."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.ingress.text.access import (
    address_lines,
    basic_lines,
    cors_lines,
    external_lines,
    is_exempt,
    limit_lines,
)
from k8slab.emulator.ingress.text.errors import error_lines
from k8slab.emulator.ingress.text.files import DEFAULT_BACKEND, Files
from k8slab.emulator.ingress.text.frame import literal_header
from k8slab.emulator.ingress.text.proxying import is_remote, proxy_lines, upstream_name, upstream_of
from k8slab.emulator.ingress.text.quoting import literal, quoted
from k8slab.routing.configuration import Configuration
from k8slab.routing.decision import redirects_to_https
from k8slab.routing.matching import Head
from k8slab.routing.model import Location, Server


def head_text(head: Head) -> str:
    """Return what stands between ``location`` and the brace."""
    sign = {"exact": "= ", "prefix": "", "regex": "~* "}[head.kind]
    return sign + quoted(head.text)


def location_lines(location: Location, server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the directives of a location. The rewrite module runs its own in the order in which they stand."""
    settings = location.settings
    yield from _identity(location)
    if (location.backend is None and not configuration.access_log_for_default) or not settings.access_log:
        yield "access_log off;"
    if settings.rewrite_log:
        yield "rewrite_log on;"
    if settings.relative_redirects or configuration.relative_redirects:
        yield "absolute_redirect off;"
    yield from cors_lines(settings)
    if settings.temporal_redirect:
        yield f"return {settings.temporal_redirect_code} {quoted(settings.temporal_redirect)};"
    elif settings.permanent_redirect:
        yield f"return {settings.permanent_redirect_code} {quoted(settings.permanent_redirect)};"
    yield from _https_lines(location, server, configuration)
    if settings.denied:
        yield "return 503;"
        return
    yield from _choice(location, files)
    yield from limit_lines(location, configuration)
    yield from address_lines(settings, configuration)
    if not is_exempt(location, configuration):
        yield from external_lines(location, configuration)
        yield from basic_lines(location, configuration, files)
    yield from _mirror(location)
    yield from error_lines(location, configuration)
    for name, value in (
        sorted(files.headers.get(settings.custom_headers, {}).items()) if settings.custom_headers else ()
    ):
        yield f"more_set_headers {literal_header(name, value)};"
    yield from _client_certificate(server)
    if settings.configuration_snippet:
        yield settings.configuration_snippet
    yield from proxy_lines(location, configuration, files)


def _identity(location: Location) -> Iterator[str]:
    backend, owner = location.backend, location.owner
    yield f"set $namespace {quoted(owner.namespace)}; set $ingress_name {quoted(owner.name)};"
    yield f"set $service_name {quoted(backend.service if backend else '')};"
    yield f"set $service_port {quoted(str(backend.port) if backend else '')};"
    yield f"set $location_path {literal(location.path)};"
    yield f"set $proxy_upstream_name {quoted(backend.name if backend else DEFAULT_BACKEND)};"


def _https_lines(location: Location, server: Server, configuration: Configuration) -> Iterator[str]:
    if not redirects_to_https(location, server, configuration):
        return
    settings = location.settings
    keep = settings.preserve_trailing_slash or configuration.preserve_trailing_slash
    asked = settings.use_port_in_redirects
    port = ":443" if (configuration.use_port_in_redirects if asked is None else asked) else ""
    target = f"https://$redirect_host{port}" + ("$request_uri" if keep else "$request_uri_noslash")
    yield f"if ($pass_access_scheme = http) {{ return {configuration.redirect_code} {target}; }}"


def _choice(location: Location, files: Files) -> Iterator[str]:
    """Yield what is known before the way is taken: a Service without endpoints answers 503, whatever its limits are.

    The file ``up`` is there as long as there is an endpoint; so endpoints come and go without a reload.
    """
    backend, fallback, settings = location.backend, location.fallback, location.settings
    if backend is None:
        return
    name = upstream_of(location, files)
    missing = f'if (!-e "{files.slots(name)}/up")'
    if files.upstreams[name].chosen or fallback:
        yield f"set $upstream {quoted(name)};"
    if settings.hash_by:
        yield f"set $hash_key {quoted(settings.hash_by)};"
    if files.upstreams[name].pinned:
        yield "add_header Set-Cookie $affinity_cookie always;"
    if fallback is None:
        yield f"{missing} {{ return 503; }}"
        return
    other = upstream_name(fallback, forwarded=is_remote(location, files))
    yield f'set $down ""; set $fallback_code ""; set $fallback_format ""; {missing} {{ set $down main; }}'
    yield f'if (!-e "{files.slots(other)}/up") {{ set $down "$down other"; }}'
    yield 'if ($down = "main other") { return 503; }'
    given = {"code": "503", "format": "$http_accept", "namespace": "$namespace", "ingress": "$ingress_name",
             "service": "$service_name", "port": "$service_port"}  # fmt: skip
    sets = " ".join(f'set $fallback_{key} "{value}";' for key, value in given.items())
    yield " ".join(f'set $fallback_{key} "";' for key in given)
    yield f"if ($down = main) {{ set $upstream {quoted(other)}; {sets} }}"


def mirror_path(location: Location) -> str:
    """Return the internal path that copies of requests go through."""
    return f"/_mirror-{location.owner.uid or location.owner.name}"


def _mirror(location: Location) -> Iterator[str]:
    if location.settings.mirror_target:
        yield f"mirror {quoted(mirror_path(location))};\n      mirror_request_body {location.settings.mirror_body};"


def _client_certificate(server: Server) -> Iterator[str]:
    match = server.settings.tls_match_cn
    if server.settings.tls_secret and match:
        yield f'if ($ssl_client_s_dn !~ {quoted(match)}) {{ return 403 "client certificate unauthorized"; }}'
