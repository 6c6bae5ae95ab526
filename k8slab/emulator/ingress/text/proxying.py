"""The way from a location to the application: headers, timeouts, buffers, rewrites, the Service.

What is the same for all stands once in front of the servers; a location says only what it does differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from k8slab.emulator.ingress.text.files import DEFAULT_BACKEND, Files
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Backend, Location
from k8slab.routing.settings import Settings

# Protocols that begin with something else than an HTTP request, so that no PROXY line can be put in front of it.
_INDIRECT = ("HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI")


def is_forwarded(settings: Settings) -> bool:
    """Tell whether a location's connections go through the cluster's network instead of straight to the pods."""
    return settings.backend_protocol in _INDIRECT


def upstream_name(backend: Backend | None, *, forwarded: bool) -> str:
    """Return the upstream that leads to a Service port."""
    if backend is None:
        return DEFAULT_BACKEND
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", backend.name)
    return f"{plain}~f" if forwarded else plain


def directives(settings: Settings, found: Configuration) -> dict[str, str]:
    """Return the proxy directives with their values."""
    tries = found.next_upstream_tries if settings.next_upstream_tries is None else settings.next_upstream_tries
    limit = found.next_upstream_timeout if settings.next_upstream_timeout is None else settings.next_upstream_timeout
    retry = settings.next_upstream or found.next_upstream
    if found.retry_non_idempotent and "non_idempotent" not in retry:
        retry += " non_idempotent"
    size = settings.buffer_size or found.buffer_size
    return {
        "client_max_body_size": settings.body_size or found.body_size,
        "client_body_buffer_size": settings.body_buffer_size or found.body_buffer_size,
        "proxy_connect_timeout": f"{settings.connect_timeout or found.connect_timeout}s",
        "proxy_send_timeout": f"{settings.send_timeout or found.send_timeout}s",
        "proxy_read_timeout": f"{settings.read_timeout or found.read_timeout}s",
        "proxy_buffering": settings.buffering or found.buffering,
        "proxy_buffer_size": size,
        "proxy_buffers": f"{settings.buffers_number or found.buffers_number} {size}",
        "proxy_busy_buffers_size": settings.busy_buffers_size
        or (found.busy_buffers_size if size == "4k" else f"{size}"),
        "proxy_max_temp_file_size": settings.max_temp_file_size or found.max_temp_file_size,
        "proxy_request_buffering": settings.request_buffering or found.request_buffering,
        "proxy_http_version": settings.http_version or found.http_version,
        "proxy_cookie_domain": settings.cookie_domain or found.cookie_domain,
        "proxy_cookie_path": settings.cookie_path or found.cookie_path,
        "proxy_next_upstream": retry.strip(),
        "proxy_next_upstream_timeout": str(max(limit, 0)),
        "proxy_next_upstream_tries": str(max(tries, 0)),
        "proxy_redirect": _redirect(settings, found),
        "proxy_method": "$request_method" if is_forwarded(settings) else '"$preamble$request_method"',
    }


def _redirect(settings: Settings, found: Configuration) -> str:
    source, target = settings.redirect_from or found.redirect_from, settings.redirect_to or found.redirect_to
    if source in ("off", "default"):
        return source
    return f"{quoted(source)} {quoted(target)}" if target != "off" else "off"


def headers(location: Location, configuration: Configuration, files: Files) -> dict[str, str]:
    """Return the request headers for the application."""
    settings = location.settings
    found = {
        "Host": quoted(settings.upstream_vhost) if settings.upstream_vhost else "$best_http_host",
        "Upgrade": "$http_upgrade",
        "Connection": quoted(settings.connection_header) if settings.connection_header else "$connection_upgrade",
        "X-Request-ID": "$req_id", "X-Real-IP": "$the_real_ip", "X-Forwarded-For": "$full_forwarded_for",
        "X-Forwarded-Host": "$best_http_host", "X-Forwarded-Port": "$pass_port",
        "X-Forwarded-Proto": "$pass_access_scheme", "X-Forwarded-Scheme": "$pass_access_scheme",
        "X-Scheme": "$pass_access_scheme", "X-Original-Forwarded-For": "$original_forwarded_for",
        "X-Original-Forwarded-Host": "$http_x_forwarded_host", "Proxy": '""',
    }  # fmt: skip
    for name, value in files.headers.get(configuration.proxy_set_headers, {}).items():
        found[name] = quoted(value)
    if location.settings.auth_type:
        found["Authorization"] = '""'
    for number, name in enumerate(settings.auth_response_headers if settings.auth_url else ()):
        found[name] = f"$auth_header{number}"
    if settings.tls_secret:
        found |= {"ssl-client-verify": "$ssl_client_verify", "ssl-client-subject-dn": "$ssl_client_s_dn",
                  "ssl-client-issuer-dn": "$ssl_client_i_dn"}  # fmt: skip
        if settings.tls_pass_certificate:
            found["ssl-client-cert"] = "$ssl_client_escaped_cert"
    if location.rewrites and settings.forwarded_prefix:
        found["X-Forwarded-Prefix"] = quoted(settings.forwarded_prefix)
    return found


def header_lines(found: Mapping[str, str], *, grpc: bool = False) -> Iterator[str]:
    """Yield the headers as directives."""
    yield from (f"{'grpc' if grpc else 'proxy'}_set_header {quoted(name)} {value};" for name, value in found.items())


def default_lines(configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield what holds for all locations that say nothing else."""
    yield from (f"  {name} {value};" for name, value in directives(Settings(), configuration).items())
    found = headers(Location("/", "Prefix", None), configuration, files)
    yield from (f"  {line}" for line in header_lines(found))


def proxy_lines(location: Location, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield what a location does differently, and where it leads."""
    settings = location.settings
    usual = directives(Settings(), configuration)
    grpc = settings.backend_protocol in ("GRPC", "GRPCS")
    for name, value in directives(settings, configuration).items():
        if value != usual[name] or (grpc and not name.startswith(("proxy_redirect", "proxy_cookie"))):
            yield from _directive(name, value, grpc=grpc)
    wanted = headers(location, configuration, files)
    extra = {"X-Code": "$fallback_code", "X-Format": "$fallback_format", "X-Namespace": "$fallback_namespace",
             "X-Ingress-Name": "$fallback_ingress", "X-Service-Name": "$fallback_service",
             "X-Service-Port": "$fallback_port"} if location.fallback else {}  # fmt: skip
    if extra or grpc or wanted != headers(Location("/", "Prefix", None), configuration, files):
        yield from header_lines({**wanted, **extra}, grpc=grpc)
    if location.rewrites:
        yield f"rewrite {quoted('(?i)' + location.path)} {quoted(settings.rewrite_target)} break;"
    yield from _pass(location, files)


_GRPC = {"proxy_connect_timeout": "grpc_connect_timeout", "proxy_send_timeout": "grpc_send_timeout",
         "proxy_read_timeout": "grpc_read_timeout", "proxy_next_upstream": "grpc_next_upstream",
         "proxy_next_upstream_timeout": "grpc_next_upstream_timeout",
         "proxy_next_upstream_tries": "grpc_next_upstream_tries", "client_max_body_size": "client_max_body_size",
         "client_body_buffer_size": "client_body_buffer_size"}  # fmt: skip


def _directive(name: str, value: str, *, grpc: bool) -> Iterator[str]:
    if not grpc:
        yield f"{name} {value};"
    elif name in _GRPC:
        yield f"{_GRPC[name]} {value};"


def _pass(location: Location, files: Files) -> Iterator[str]:
    settings = location.settings
    if location.backend is None:
        yield f"proxy_method $request_method;\n      proxy_pass http://{DEFAULT_BACKEND};"
        return
    target = target_of(location, files)
    protocol = settings.backend_protocol
    if protocol == "FCGI":
        yield f"fastcgi_pass {target};"
    elif protocol in ("GRPC", "GRPCS"):
        yield f"grpc_pass {protocol.lower()}://{target};"
    else:
        if is_remote(location, files) and not is_forwarded(settings):
            yield "proxy_method $request_method;"
        yield from _tls(settings, protocol)
        scheme = {"HTTP": "http", "HTTPS": "https", "AUTO_HTTP": "$scheme"}[protocol]
        yield f"proxy_pass {scheme}://{target};"


def _tls(settings: Settings, protocol: str) -> Iterator[str]:
    if protocol == "HTTP":
        return
    if settings.ssl_server_name:
        yield f"proxy_ssl_server_name {settings.ssl_server_name};"
    if settings.ssl_name:
        yield f"proxy_ssl_name {quoted(settings.ssl_name)};"
    if settings.ssl_protocols:
        yield f"proxy_ssl_protocols {settings.ssl_protocols};"


def upstream_of(location: Location, files: Files) -> str:
    """Return the name of the upstream that a location leads to."""
    return upstream_name(location.backend, forwarded=is_remote(location, files))


def target_of(location: Location, files: Files) -> str:
    """Return what follows ``proxy_pass http://``: an upstream, or the variable that a request's choice stands in."""
    name = upstream_of(location, files)
    if files.upstreams[name].chosen:
        return "$endpoint"
    return "$upstream" if location.fallback else name


def is_remote(location: Location, files: Files) -> bool:
    """Tell whether a location's Service is reached through the network: by protocol, or as no pods stand behind it."""
    return is_forwarded(location.settings) or (location.backend is not None and location.backend.name in files.remote)
