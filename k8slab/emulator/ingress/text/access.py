"""Who may come in and how often: limits, addresses, credentials, questions to another service, origins."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.emulator.ingress.text.upstreams import host_upstream
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Location, Model
from k8slab.routing.settings import Settings


def zone_of(location: Location) -> str:
    """Return the name of an Ingress's limit zones: it shares one budget over all its paths."""
    return re.sub(r"[^\w.-]", "_", f"{location.owner.namespace}_{location.owner.name}_{location.owner.uid}")


def _identity(location: Location) -> str:
    return re.sub(r"\W", "_", base64.urlsafe_b64encode(zone_of(location).encode()).decode().rstrip("="))


def _limits(settings: Settings) -> Iterator[tuple[str, int]]:
    for kind, value in (("conn", settings.limit_connections), ("rpm", settings.limit_rpm), ("rps", settings.limit_rps)):
        if value > 0:
            yield kind, value


def list_lines(model: Model, configuration: Configuration) -> Iterator[str]:
    """Yield who is let in, for addresses that come from a header: nginx's own lists only know the connection's."""
    if not configuration.use_forwarded_headers:
        return
    seen: set[str] = set()
    for location in (entry for server in model.servers.values() for entry in server.locations):
        denied, allowed = _address_lists(location.settings, configuration)
        name = _list_name(denied, allowed)
        if name in seen or not (denied or allowed):
            continue
        seen.add(name)
        rest = f"default {1 if allowed else 0};"
        # The more exact entry wins in a geo block, but who is denied by any network stays denied.
        yield f"  geo $the_real_ip ${name}_denied {{ default 0; {' '.join(f'{entry} 1;' for entry in denied)} }}"
        yield f"  geo $the_real_ip ${name}_out {{ {rest} {' '.join(f'{entry} 0;' for entry in allowed)} }}"
        yield f'  map "${name}_denied${name}_out" ${name} {{ default 1; 00 ""; }}'


def _address_lists(settings: Settings, configuration: Configuration) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return settings.denylist or configuration.denylist, settings.allowlist or configuration.allowlist


def _list_name(denied: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    return f"addresses_{zlib.crc32(repr((denied, allowed)).encode()):08x}"


def zone_lines(model: Model) -> Iterator[str]:
    """Yield the zones of all Ingresses that limit."""
    seen: set[str] = set()
    for server in model.servers.values():
        for location in server.locations:
            name = zone_of(location)
            if name not in seen:
                seen.add(name)
                yield from _zones(location, name)


def _zones(location: Location, name: str) -> Iterator[str]:
    limits, identity = dict(_limits(location.settings)), _identity(location)
    if not limits:
        return
    allowed = "".join(f" {entry} 1;" for entry in location.settings.limit_allowlist)
    yield f"  geo $the_real_ip $allowlist_{identity} {{ default 0;{allowed} }}"
    yield f'  map $allowlist_{identity} $limit_{identity} {{ 0 $the_real_ip; 1 ""; }}'
    for kind, value in limits.items():
        if kind == "conn":
            yield f"  limit_conn_zone $limit_{identity} zone={name}_conn:5m;"
        else:
            yield f"  limit_req_zone $limit_{identity} zone={name}_{kind}:5m rate={value}r/{kind[2]};"


def limit_lines(location: Location, configuration: Configuration) -> Iterator[str]:
    """Yield the limits of a location."""
    settings, name = location.settings, zone_of(location)
    for kind, value in _limits(settings):
        if kind == "conn":
            yield f"limit_conn {name}_conn {value};"
        else:
            yield f"limit_req zone={name}_{kind} burst={value * settings.limit_burst_multiplier} nodelay;"
    after, rate = (
        settings.limit_rate_after or configuration.limit_rate_after,
        settings.limit_rate or configuration.limit_rate,
    )
    if after > 0:
        yield f"limit_rate_after {after}k;"
    if rate > 0:
        yield f"limit_rate {rate}k;"


def address_lines(settings: Settings, configuration: Configuration) -> Iterator[str]:
    """Yield who is let in by address."""
    if settings.satisfy:
        yield f"satisfy {settings.satisfy};"
    denied, allowed = _address_lists(settings, configuration)
    if configuration.use_forwarded_headers and (denied or allowed):
        yield f"if (${_list_name(denied, allowed)}) {{ return 403; }}"
        return
    yield from (f"deny {entry};" for entry in denied)
    yield from (f"allow {entry};" for entry in allowed)
    if allowed:
        yield "deny all;"


def is_exempt(location: Location, configuration: Configuration) -> bool:
    """Tell whether a path never asks for credentials."""
    return location.path in configuration.no_auth_locations


def basic_lines(location: Location, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the question for a user and a password."""
    settings = location.settings
    path = files.secrets.get(auth_file_key(location))
    if not path:
        return
    if settings.auth_type == "digest":
        if not auth_url(location, configuration):  # nginx asks one question only, and the other service comes first
            yield f"auth_request {quoted(digest_path(location))};"
            yield "auth_request_set $digest_challenge $sent_http_www_authenticate;"
            yield "add_header WWW-Authenticate $digest_challenge always;"
    else:
        yield f"auth_basic {quoted(settings.auth_realm)};\n      auth_basic_user_file {quoted(path)};"


def auth_file_key(location: Location) -> str:
    """Return the key of an Ingress's password file in ``Files.secrets``."""
    return f"auth {location.owner.path}" if location.settings.auth_type else ""


def digest_path(location: Location) -> str:
    """Return the internal path that checks digest credentials."""
    return f"/_digest-{location.owner.uid or location.owner.name}"


def auth_url(location: Location, configuration: Configuration) -> str:
    """Return the address that is asked about each request; an empty text for none."""
    return location.settings.auth_url or (configuration.global_auth_url if location.settings.global_auth else "")


def auth_path(location: Location) -> str:
    """Return the internal path that asks the address of auth-url."""
    shown = base64.urlsafe_b64encode(location.path.encode()).decode().rstrip("=")
    return f"/_external-auth-{shown}-{location.path_type}"


def signin_name(location: Location) -> str:
    """Return the named location that leads to the sign-in page."""
    return "@signin" + auth_path(location).removeprefix("/_external-auth")


def external_lines(location: Location, configuration: Configuration) -> Iterator[str]:
    """Yield the question to another service."""
    settings = location.settings
    if not auth_url(location, configuration):
        return
    yield f"auth_request {quoted(auth_path(location))};"
    yield "auth_request_set $auth_cookie $upstream_http_set_cookie;"
    yield f"add_header Set-Cookie $auth_cookie{' always' if settings.auth_always_set_cookie else ''};"
    for number, name in enumerate(settings.auth_response_headers):
        variable = name.lower().replace("-", "_")
        yield f"auth_request_set $auth_header{number} $upstream_http_{variable};"
    if settings.auth_signin:
        yield f"error_page 401 = {quoted(signin_name(location))};"


def auth_locations(location: Location, configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield the internal locations that a location's questions need."""
    settings = location.settings
    if settings.auth_type == "digest" and files.secrets.get(auth_file_key(location)):
        yield f"location = {quoted(digest_path(location))} {{"
        yield f"  internal;\n      set $digest_realm {quoted(settings.auth_realm)};"
        yield f"  set $digest_file {quoted(files.secrets[auth_file_key(location)])};"
        yield "  js_content digest.check;\n    }"
    url = auth_url(location, configuration)
    if url:
        yield from _external_location(location, url, files)
    if url and settings.auth_signin:
        joint = "&" if "?" in settings.auth_signin else "?"
        back = "$pass_access_scheme://$http_host$escaped_request_uri"
        target = f"{settings.auth_signin}{joint}{settings.auth_signin_redirect_param}={back}"
        yield f"location {quoted(signin_name(location))} {{"
        yield f"  internal;\n      return 302 {quoted(target)};\n    }}"


def _external_location(location: Location, url: str, files: Files) -> Iterator[str]:
    settings, parts = location.settings, urlsplit(url)
    target = url_target(url)
    yield f"location = {quoted(auth_path(location))} {{"
    yield "  internal;\n      access_log off;\n      proxy_pass_request_body off;"
    yield f"  proxy_method {settings.auth_method or 'GET'};"
    headers = {
        "Content-Length": '""', "Host": quoted(parts.hostname or ""),
        "X-Original-URL": "$scheme://$http_host$request_uri",
        "X-Original-Method": "$request_method", "X-Sent-From": '"nginx-ingress-controller"',
        "X-Real-IP": "$the_real_ip",
        "X-Forwarded-For": "$full_forwarded_for", "X-Request-ID": "$req_id", "Connection": '""',
        "X-Auth-Request-Redirect": quoted(settings.auth_request_redirect) if settings.auth_request_redirect
                                   else "$request_uri",
    }  # fmt: skip
    headers |= {name: quoted(value) for name, value in files.headers.get(_headers_key(location), {}).items()}
    yield from (f"  proxy_set_header {name if re.fullmatch('[A-Za-z0-9-]+', name) else quoted(name)} {value};"
                for name, value in headers.items())  # fmt: skip
    if target not in files.hosts:
        yield "  return 500;\n    }"
        return
    if settings.auth_snippet:
        yield f"  {settings.auth_snippet}"
    yield "  proxy_ssl_server_name on;\n      proxy_ssl_name " + quoted(parts.hostname or "") + ";"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    yield f"  proxy_pass {quoted(f'{parts.scheme}://{host_upstream(target)}{path}')};\n    }}"


def _headers_key(location: Location) -> str:
    name = location.settings.auth_proxy_set_headers
    return name if not name or "/" in name else f"{location.owner.namespace}/{name}"


def url_target(url: str) -> str:
    """Return ``host:port`` of an address; an empty text when it is none, or has variables in its host."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return ""
    if not parts.hostname or not port or "$" in parts.netloc:
        return ""
    return f"{parts.hostname}:{port}"


def cors_lines(settings: Settings) -> Iterator[str]:
    """Yield the headers for requests of other origins, and the answer to preflights."""
    if not settings.cors:
        return
    values = {
        "origin": "*" if _any_origin(settings) else "$http_origin",
        "credentials": "true" if settings.cors_credentials else "", "methods": settings.cors_methods,
        "headers": settings.cors_headers, "expose": settings.cors_expose, "age": str(settings.cors_max_age),
    }  # fmt: skip
    sets = "".join(f" set $cors_{name} {quoted(value)};" for name, value in values.items())
    yield "".join(f'set $cors_{name} ""; ' for name in values).rstrip()
    yield sets.strip() if _any_origin(settings) else f"if ($http_origin ~* {quoted(_origins(settings))}) {{{sets} }}"
    for header, name in (("Origin", "origin"), ("Credentials", "credentials"), ("Methods", "methods"),
                         ("Headers", "headers")):  # fmt: skip
        yield f'more_set_headers "Access-Control-Allow-{header}: $cors_{name}";'
    yield 'more_set_headers "Access-Control-Expose-Headers: $cors_expose";'
    yield 'more_set_headers "Access-Control-Max-Age: $cors_age";'
    yield 'set $cors_preflight "$cors_origin $request_method";'
    cleared = 'more_set_headers "Content-Length: 0"; more_clear_headers Content-Type;'
    yield f'if ($cors_preflight ~ "^[^ ]+ OPTIONS$") {{ {cleared} return 204; }}'


def _any_origin(settings: Settings) -> bool:
    return "*" in settings.cors_origin.split(",")


def _origins(settings: Settings) -> str:
    """Return the expression of the allowed origins; as the controller's, it is not anchored at its start."""
    patterns = [re.escape(origin).replace(r"\*", r"[A-Za-z0-9\-]+") for origin in settings.cors_origin.split(",")]
    return f"({'|'.join(patterns)})$"
