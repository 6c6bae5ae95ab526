"""nginx's configuration for Gateways: a server for each listener, a named location for each backend of a rule. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8slab.emulator.ingress.gateway.planning import Served, place
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.frame import literal_header
from k8slab.emulator.ingress.text.proxying import upstream_name
from k8slab.emulator.ingress.text.quoting import literal, quoted
from k8slab.emulator.ingress.text.upstreams import upstream_lines
from k8slab.routing.gateway.rules import ALL, Changes, Mirror, Rule, Target
from k8slab.routing.model import Backend

HEALTH_PORT = 10254
_LOG = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" $request_length $request_time [$gateway_route] $upstream_addr $upstream_status $request_id'
)
_FIXED = """  default_type text/html;
  server_tokens off;
  server_names_hash_max_size 8192;
  server_names_hash_bucket_size 256;
  variables_hash_max_size 8192;
  variables_hash_bucket_size 256;
  proxy_headers_hash_max_size 1024;
  proxy_headers_hash_bucket_size 256;
  uninitialized_variable_warn off;
  geo $literal_dollar { default "$"; }
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  map $http_x_forwarded_for $forwarded_for { default "$http_x_forwarded_for, $remote_addr"; "" $remote_addr; }
  set_real_ip_from unix:;
  real_ip_header proxy_protocol;
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_redirect off;
  proxy_next_upstream error;
  proxy_next_upstream_tries 3;
  proxy_connect_timeout 5s;
  absolute_redirect off;
  js_import gateway from gateway.js;
  js_var $gateway_target "";
  js_var $gateway_route "";"""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Paths:
    """``files`` as the ingress has them (``ports`` of the pod), ``matches`` njs's data, ``certificates`` by Secret."""

    files: Files
    matches: str
    certificates: Mapping[tuple[str, str], str]


def render(listeners: list[Served], paths: Paths) -> str:
    """Return the whole configuration."""
    return "\n".join(_lines(listeners, paths)) + "\n"


def _lines(listeners: list[Served], paths: Paths) -> Iterator[str]:
    files = paths.files
    if files.as_root:
        yield "user root;"
    yield f"pid {quoted(files.scratch + '/nginx.pid')};\nerror_log stderr notice;\ndaemon off;\nworker_processes 1;"
    yield "worker_shutdown_timeout 240s;\nevents { worker_connections 4096; }\nhttp {"
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"  {name}_temp_path {quoted(f'{files.scratch}/{name}')};"
    yield f"  js_path {quoted(files.scratch)};"
    yield _FIXED
    yield f"  js_preload_object gateway_table from {quoted(paths.matches)};"
    yield f"  log_format gateway {quoted(_LOG)};\n  access_log /dev/stdout gateway;"
    yield f'  map $remote_port $preamble {{ default "PROXY TCP4 {files.address} 0.0.0.0 $remote_port 80\\r\\n"; }}'
    yield from upstream_lines(files)
    for entry in listeners:
        yield from _maps(entry)
        yield from _server(entry, paths)
    yield from _nobody(listeners, files)
    yield f"  server {{ listen {quoted('unix:' + files.ports[HEALTH_PORT])} proxy_protocol; access_log off;"
    yield '    location = /healthz { return 200 "ok"; }\n    location / { return 404; }\n  }\n}'


def _nobody(listeners: list[Served], files: Files) -> Iterator[str]:
    """Yield what answers on a port under names that no listener has."""
    for port in sorted({entry.port for entry in listeners}):
        here = [entry for entry in listeners if entry.port == port]
        if all(entry.listener.hostname for entry in here):
            tls, socket = here[0].listener.is_tls, quoted("unix:" + files.ports[port])
            yield f"  server {{ listen {socket} proxy_protocol{' ssl' * tls} default_server;"
            yield f"    {'ssl_reject_handshake on' if tls else 'return 404'}; }}"


def _server(entry: Served, paths: Paths) -> Iterator[str]:
    listener, files = entry.listener, paths.files
    default = "" if listener.hostname else " default_server"
    tls = " ssl" if listener.is_tls else ""
    yield "  server {"
    yield f"    listen {quoted('unix:' + files.ports[entry.port])} proxy_protocol{tls}{default};"
    yield f"    server_name {quoted(listener.hostname or '_')};"
    if listener.is_tls and listener.secret:
        certificate = quoted(paths.certificates[listener.secret])
        yield f"    http2 on;\n    ssl_certificate {certificate};\n    ssl_certificate_key {certificate};"
    yield f'    set $gateway_listener "{entry.number}";'
    yield "    location / { js_content gateway.serve; }"
    yield "    location @none { return 500; }"
    for number, rule in enumerate(entry.rules):
        yield from _rule(number, rule, entry, files)
    yield "  }"


def _rule(number: int, rule: Rule, entry: Served, files: Files) -> Iterator[str]:
    owner = quoted(f"{rule.owner.path}/{rule.number}")
    if rule.redirect is not None:
        yield f"    location {place(number, 'redirect')} {{ set $gateway_route {owner};"
        yield from _response(rule.response)
        yield f"      return {int(str(rule.redirect.get('statusCode') or 302))} $gateway_target;\n    }}"
        return
    for index, target in enumerate(rule.targets):
        backend = target.backend
        if backend is not None:
            yield f"    location {place(number, index)} {{ set $gateway_route {owner};"
            yield from (f"      {line}" for line in _forward(number, index, rule, backend, entry, files))
            yield "    }"
    for index, mirror in enumerate(rule.mirrors):
        yield from _mirror(mirror_path(number, index), mirror, _variable(entry, number, f"m{index}"))


def mirror_path(rule: int, index: int) -> str:
    """Return the internal path that copies go through."""
    return f"/.k8slab-mirror/{rule}-{index}"


def _variable(entry: Served, rule: int, what: str) -> str:
    return f"$gateway_{entry.number}_{rule}_{what}"


def _forward(number: int, index: int, rule: Rule, backend: Backend, entry: Served, files: Files) -> Iterator[str]:
    target, name = rule.targets[index], upstream_name(backend, forwarded=False)
    yield f'if (!-e "{files.slots(name)}/up") {{ return 503; }}'
    for part in range(len(rule.mirrors)):
        yield f"mirror {mirror_path(number, part)};"
    for header, value in request_headers(rule, target, _variable(entry, number, f"{index}_")).items():
        yield f"proxy_set_header {literal(header)} {value};"
    yield from _response((*rule.response, *target.response))
    if rule.timeout:
        yield f"proxy_read_timeout {max(1, round(rule.timeout * 1000))}ms;"
    yield f'proxy_method "$preamble$request_method";\n      proxy_pass http://{name}$gateway_target;'


def request_headers(rule: Rule, target: Target, prefix: str) -> dict[str, str]:
    """Return the request headers that a backend gets besides the client's; an empty value takes one away."""
    hostname = (rule.rewrite or {}).get("hostname")
    found = {
        "Host": literal(str(hostname)) if hostname else "$http_host", "Upgrade": "$http_upgrade",
        "Connection": "$connection_upgrade", "X-Forwarded-For": "$forwarded_for", "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": "$http_host", "X-Request-ID": "$request_id", "Proxy": '""',
    }  # fmt: skip
    names = {name.lower(): name for name in found}
    added = 0
    for changes in (*rule.request, *target.request):
        for header, value in changes.set:
            found[names.setdefault(header.lower(), header)] = literal(value)
        for header, _ in changes.add:
            found[names.setdefault(header.lower(), header)] = f"{prefix}{added}"
            added += 1
        for header in changes.remove:
            found[names.setdefault(header.lower(), header)] = '""'
    return found


def _maps(entry: Served) -> Iterator[str]:
    """Yield what differs from request to request: headers that are added to, and whether it is copied."""
    for number, rule in enumerate(entry.rules):
        for index, target in enumerate(rule.targets):
            adds = [pair for changes in (*rule.request, *target.request) for pair in changes.add]
            for count, (header, value) in enumerate(adds):
                yield _added(_variable(entry, number, f"{index}_{count}"), header, value)
        for index, mirror in enumerate(rule.mirrors):
            some = f'{100 * mirror.share / ALL:g}% 1; * "";'
            share = some if 0 < mirror.share < ALL else f'* "{mirror.share // ALL or ""}";'
            yield f'  split_clients "${{request_id}}{index}" {_variable(entry, number, f"m{index}")} {{ {share} }}'


def _added(variable: str, header: str, value: str) -> str:
    if not _PLAIN_NAME.fullmatch(header):
        return f"  map $request_id {variable} {{ default {literal(value)}; }}"
    given = "http_" + header.lower().replace("-", "_")
    joined = quoted("${" + given + "}," + value.replace("$", "${literal_dollar}"))
    return f'  map ${given} {variable} {{ default {joined}; "" {literal(value)}; }}'


def _response(given: tuple[Changes, ...]) -> Iterator[str]:
    for changes in given:
        yield from (f"more_set_headers {literal_header(name, value)};" for name, value in changes.set)
        yield from (f"add_header {literal(name)} {literal(value)} always;" for name, value in changes.add)
        yield from (f"more_clear_headers {literal(name)};" for name in changes.remove)


def _mirror(path: str, mirror: Mirror, variable: str) -> Iterator[str]:
    name = upstream_name(mirror.backend, forwarded=False)
    yield f"    location = {path} {{ internal; access_log off;"
    yield f'      if ({variable} = "") {{ return 204; }}'
    yield '      proxy_set_header Host $http_host; proxy_method "$preamble$request_method";'
    yield f"      proxy_pass http://{name}$gateway_target;\n    }}"
