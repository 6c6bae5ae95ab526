"""From routes to the configuration of nginx: pure text. Nothing that a learner wrote reaches it unescaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8slab.emulator.ingress.frame import FORWARDED, HTTP_HEAD, LOG_FORMAT, PLAIN, PROXY_LINES
from k8slab.emulator.ingress.model import CATCH_ALL, Location, Model, Server, makes_regex
from k8slab.emulator.ingress.settings import Configuration


@dataclass(frozen=True, slots=True)
class Files:
    """Where things are on the host: sockets by port and by backend, certificates by ``Secret host``, scratch."""

    scratch: str
    ports: Mapping[int, str]
    backends: Mapping[str, str]
    certificates: Mapping[str, str]
    webhook: str = ""
    webhook_port: int = 8443
    as_root: bool = True

    @property
    def default_certificate(self) -> str:
        """Return the path of the certificate for hosts that have none of their own."""
        return f"{self.scratch}/default.pem"


def quoted(text: str) -> str:
    """Return a text as one word of nginx's language; control characters, which no URL has, are dropped."""
    clean = re.sub(r"[\x00-\x1f\x7f]", "", text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(model: Model, configuration: Configuration, files: Files) -> str:
    """Return the whole configuration."""
    return "\n".join(_lines(model, configuration, files)) + "\n"


def _lines(model: Model, configuration: Configuration, files: Files) -> Iterator[str]:
    if files.as_root:
        yield "user root;"
    yield f"pid {quoted(files.scratch + '/nginx.pid')};"
    yield "daemon off;\nworker_processes 1;\nworker_shutdown_timeout 240s;\nevents { worker_connections 16384; }"
    yield "http {"
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"  {name}_temp_path {quoted(f'{files.scratch}/{name}')};"
    yield f"  js_path {quoted(files.scratch)};"
    yield HTTP_HEAD
    yield f"  log_format upstreaminfo {LOG_FORMAT};"
    yield "  access_log /dev/stdout upstreaminfo;"
    yield f"  limit_req_status {configuration.limit_req_status};"
    yield f"  limit_conn_status {configuration.limit_conn_status};"
    yield from _real_ip(configuration)
    yield from _zones(model)
    yield from _upstreams(files)
    for host in sorted(model.servers, key=lambda name: (name != CATCH_ALL, name)):
        yield from _server(model.servers[host], configuration, files)
        yield from _www_server(model, model.servers[host], files)
    yield from _inner_servers(files)
    yield "}"


def _real_ip(configuration: Configuration) -> Iterator[str]:
    yield "  set_real_ip_from unix:;\n  real_ip_header proxy_protocol;"
    if configuration.use_forwarded_headers:
        yield FORWARDED
        return
    for name, source in PLAIN.items():
        yield f"  map ${source} ${name} {{ default ${source}; }}"


def _zone(location: Location) -> str:
    owner = location.owner
    return f"{owner.namespace}_{owner.name}_{owner.uid}"


def _identity(location: Location) -> str:
    return base64.urlsafe_b64encode(_zone(location).encode()).decode().replace("=", "").replace("-", "_")


def _limits(location: Location) -> Iterator[tuple[str, int]]:
    settings = location.settings
    for kind, value in (("conn", settings.limit_connections), ("rps", settings.limit_rps), ("rpm", settings.limit_rpm)):
        if value > 0:
            yield kind, value


def _zones(model: Model) -> Iterator[str]:
    seen: set[str] = set()
    for server in model.servers.values():
        for location in server.locations:
            limits = dict(_limits(location))
            name, identity = _zone(location), _identity(location)
            if not limits or name in seen:
                continue
            seen.add(name)
            allowed = "".join(f" {entry} 1;" for entry in location.settings.limit_allowlist)
            yield f"  geo $the_real_ip $allowlist_{identity} {{ default 0;{allowed} }}"
            yield f'  map $allowlist_{identity} $limit_{identity} {{ 0 $the_real_ip; 1 ""; }}'
            for kind, value in limits.items():
                if kind == "conn":
                    yield f"  limit_conn_zone $limit_{identity} zone={name}_conn:5m;"
                else:
                    yield f"  limit_req_zone $limit_{identity} zone={name}_{kind}:5m rate={value}r/{kind[2]};"


def _upstreams(files: Files) -> Iterator[str]:
    for name, socket in sorted(files.backends.items()):
        yield f"  upstream {quoted(name)} {{ server {quoted('unix:' + socket)} max_fails=0; }}"


def _server(server: Server, configuration: Configuration, files: Files) -> Iterator[str]:
    default = " default_server" if server.host == CATCH_ALL else ""
    yield "  server {"
    yield f"    server_name {_server_name(server.host)};"
    yield from _listens(files, default)
    certificate = quoted(files.certificates.get(f"{server.tls} {server.host}") or files.default_certificate)
    yield f"    ssl_certificate {certificate};\n    ssl_certificate_key {certificate};"
    yield '    set $proxy_upstream_name "-";'
    if server.settings.app_root:
        target = quoted(f"$scheme://$http_host{server.settings.app_root}")
        yield f"    if ($uri = /) {{ return 302 {target}; }}"
    if server.host == CATCH_ALL:
        yield "    location /healthz { access_log off; return 200; }"
    for location in _ordered(server):
        for head in _heads(location, regex=server.is_regex, locations=server.locations):
            yield f"    location {head} {{"
            yield from (f"      {line}" for line in _location(location, server, configuration))
            yield "    }"
    yield "  }"


def _www_server(model: Model, server: Server, files: Files) -> Iterator[str]:
    """Yield the server that leads ``www.X`` to ``X``, or the other way round."""
    host = server.host
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    if not server.settings.from_to_www or other in model.servers:
        return
    yield "  server {"
    yield f"    server_name {_server_name(other)};"
    yield from _listens(files, "")
    yield f"    ssl_certificate {quoted(files.default_certificate)};"
    yield f"    ssl_certificate_key {quoted(files.default_certificate)};"
    target = quoted(f"$scheme://{host}:$pass_port$request_uri_noslash")
    yield f"    return 308 {target};"
    yield "  }"


def _listens(files: Files, default: str) -> Iterator[str]:
    yield f"    listen {quoted('unix:' + files.ports[80])} proxy_protocol{default};"
    yield f"    listen {quoted('unix:' + files.ports[443])} proxy_protocol ssl{default};"
    yield "    http2 on;"


def _server_name(host: str) -> str:
    if not host.startswith("*."):
        return quoted(host)
    rest = re.escape(host.removeprefix("*")).replace("\\-", "-")
    return '"~^(?<subdomain>[\\w-]+)' + rest + '$"'


def _ordered(server: Server) -> list[Location]:
    return sorted(server.locations, key=lambda entry: entry.path, reverse=True)


def _heads(location: Location, *, regex: bool, locations: list[Location]) -> Iterator[str]:
    """Yield what follows ``location``: a Prefix path that is no regular expression stands twice."""
    path = location.path
    split = location.path_type == "Prefix" and path != "/" and not makes_regex(location)
    paths = [path.rstrip("/") + "/", path] if split else [path]
    exact_exists = any(entry.path == path and entry.path_type == "Exact" for entry in locations)
    for number, text in enumerate(paths):
        is_exact = location.path_type == "Exact" or number == 1
        if regex:
            yield f"~* {quoted('^' + text)}"
        elif is_exact and not (number == 1 and exact_exists):
            yield f"= {quoted(text)}"
        elif not is_exact:
            yield quoted(text)


def _location(location: Location, server: Server, configuration: Configuration) -> Iterator[str]:
    settings, backend = location.settings, location.backend
    yield f"set $namespace {quoted(location.owner.namespace)}; set $ingress_name {quoted(location.owner.name)};"
    if backend:
        yield f"set $service_name {quoted(backend.service)}; set $service_port {quoted(str(backend.port))};"
    yield f"set $proxy_upstream_name {quoted(backend.name if backend else 'upstream-default-backend')};"
    yield from _log_and_errors(location, configuration)
    if settings.relative_redirects:
        yield "absolute_redirect off;"
    if settings.temporal_redirect:
        yield f"return {settings.temporal_redirect_code} {quoted(settings.temporal_redirect)};"
    elif settings.permanent_redirect:
        yield f"return {settings.permanent_redirect_code} {quoted(settings.permanent_redirect)};"
    if _redirects_to_https(location, server, configuration):
        uri = "$request_uri" if settings.preserve_trailing_slash else "$request_uri_noslash"
        yield f"if ($pass_access_scheme = http) {{ return {configuration.redirect_code} https://$redirect_host{uri}; }}"
    if backend is None:
        yield "return 404;"
        return
    if settings.denied:
        yield "return 503;"
        return
    yield "if ($no_endpoints) { return 503; }"
    yield from _limit_lines(location)
    yield from _access_lines(location, configuration)
    yield from _proxy_lines(location, configuration)


def _log_and_errors(location: Location, configuration: Configuration) -> Iterator[str]:
    unlogged = location.backend is None and not configuration.access_log_for_default
    if unlogged or not location.settings.access_log:
        yield "access_log off;"


def _redirects_to_https(location: Location, server: Server, configuration: Configuration) -> bool:
    settings = location.settings
    if location.backend is None and server.host == CATCH_ALL:
        return False
    forced = settings.force_ssl_redirect or configuration.force_ssl_redirect
    wanted = configuration.ssl_redirect if settings.ssl_redirect is None else settings.ssl_redirect
    return bool(forced) or (wanted and server.has_tls)


def _limit_lines(location: Location) -> Iterator[str]:
    name, times = _zone(location), location.settings.limit_burst_multiplier
    for kind, value in _limits(location):
        if kind == "conn":
            yield f"limit_conn {name}_conn {value};"
        else:
            yield f"limit_req zone={name}_{kind} burst={value * times} nodelay;"


def _access_lines(location: Location, configuration: Configuration) -> Iterator[str]:
    yield from (f"deny {entry};" for entry in location.settings.denylist or configuration.denylist)
    allowed = location.settings.allowlist or configuration.allowlist
    yield from (f"allow {entry};" for entry in allowed)
    if allowed:
        yield "deny all;"


def _proxy_lines(location: Location, configuration: Configuration) -> Iterator[str]:
    settings, backend = location.settings, location.backend
    if backend is None:
        return
    yield f"client_max_body_size {settings.body_size or configuration.body_size};"
    host = quoted(settings.upstream_vhost) if settings.upstream_vhost else "$best_http_host"
    yield f"proxy_set_header Host {host};"
    yield PROXY_LINES
    yield f"proxy_connect_timeout {settings.connect_timeout or configuration.connect_timeout}s;"
    yield f"proxy_send_timeout {settings.send_timeout or configuration.send_timeout}s;"
    yield f"proxy_read_timeout {settings.read_timeout or configuration.read_timeout}s;"
    target = settings.rewrite_target
    if target and target != location.path:
        yield f"rewrite {quoted('(?i)' + location.path)} {quoted(target)} break;"
        if settings.forwarded_prefix:
            yield f"proxy_set_header X-Forwarded-Prefix {quoted(settings.forwarded_prefix)};"
    yield f"proxy_pass http://{backend.name};"


def _inner_servers(files: Files) -> Iterator[str]:
    yield f"""  server {{
    listen {quoted("unix:" + files.ports[10254])} proxy_protocol;
    access_log off;
    location = /healthz {{ return 200 "ok"; }}
    location / {{ return 404; }}
  }}
  server {{
    listen {quoted("unix:" + files.scratch + "/control")};
    access_log off;
    location = /backends {{ client_max_body_size 16m; client_body_buffer_size 16m; js_content balancer.update; }}
  }}"""
    if files.webhook:
        certificate, key = quoted(f"{files.webhook}/cert"), quoted(f"{files.webhook}/key")
        yield f"""  server {{
    listen {quoted("unix:" + files.ports[files.webhook_port])} proxy_protocol ssl;
    access_log off;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    client_max_body_size 9m;
    location / {{ proxy_http_version 1.0; proxy_pass http://unix:{files.scratch}/webhook:; }}
  }}"""
