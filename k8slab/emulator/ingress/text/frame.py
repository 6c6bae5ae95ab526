"""The parts of the configuration that are the same for every host (ing:rootfs/etc/nginx/template/nginx.tmpl)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.routing.configuration import Configuration

LOG_FORMAT = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] '
    "$upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"
)
_FIXED = """  default_type text/html;
  http2_max_concurrent_streams 128;
  types_hash_max_size 2048;
  server_names_hash_max_size 8192;
  server_names_hash_bucket_size 256;
  variables_hash_max_size 8192;
  variables_hash_bucket_size 256;
  map_hash_max_size 8192;
  map_hash_bucket_size 256;
  proxy_headers_hash_max_size 1024;
  proxy_headers_hash_bucket_size 256;
  reset_timedout_connection on;
  port_in_redirect off;
  ssl_session_cache shared:SSL:10m;
  ssl_session_tickets off;
  uninitialized_variable_warn off;
  geo $literal_dollar { default "$"; }
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  map $http_host $this_host { default $http_host; "" $host; }
  map $best_http_host $redirect_host { default $best_http_host; "~^(?P<name>.+):\\d+$" $name; "" _; }
  map $request_uri $request_uri_noslash { default $request_uri; "~^(?P<shorter>.*)/$" $shorter; }"""
# What the proxies in front of us say counts; without a word from them, the connection does.
_FORWARDED = """  map $http_x_forwarded_proto $pass_access_scheme { default $http_x_forwarded_proto; "" $scheme; }
  map $http_x_forwarded_host $best_http_host { default $http_x_forwarded_host; "" $this_host; }
  map $http_x_forwarded_port $pass_port { default $http_x_forwarded_port; "" $proxy_protocol_server_port; }"""
_PLAIN = """  map $scheme $pass_access_scheme { default $scheme; }
  map $this_host $best_http_host { default $this_host; }
  map $proxy_protocol_server_port $pass_port { default $proxy_protocol_server_port; }"""


def http_lines(configuration: Configuration, files: Files) -> Iterator[str]:
    """Yield what stands in front of the servers."""
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"  {name}_temp_path {quoted(f'{files.scratch}/{name}')};"
    yield _FIXED
    yield from _settings(configuration)
    yield from _log(configuration)
    yield from _addresses(configuration)
    yield from _response_headers(configuration, files)
    # Pods expect a PROXY line first: nginx writes it where the method of the request stands.
    yield f'  map $remote_port $preamble {{ default "PROXY TCP4 {files.address} 0.0.0.0 $remote_port 80\\r\\n"; }}'


def _settings(found: Configuration) -> Iterator[str]:
    switch = {True: "on", False: "off"}
    yield f"  server_tokens {switch[found.server_tokens]};"
    yield f"  keepalive_timeout {found.keep_alive}s;\n  keepalive_requests {found.keep_alive_requests};"
    yield f"  client_header_buffer_size {found.header_buffer_size};"
    yield f"  large_client_header_buffers {found.large_header_buffers};"
    yield f"  client_header_timeout {found.header_timeout}s;\n  client_body_timeout {found.body_timeout}s;"
    yield f"  underscores_in_headers {switch[found.underscores_in_headers]};"
    yield f"  ignore_invalid_headers {switch[found.ignore_invalid_headers]};"
    yield f"  ssl_protocols {found.ssl_protocols};"
    if found.ssl_ciphers:
        yield f"  ssl_ciphers {quoted(found.ssl_ciphers)};"
    yield f"  limit_req_status {found.limit_req_status};\n  limit_conn_status {found.limit_conn_status};"
    if found.gzip:
        yield f"  gzip on;\n  gzip_comp_level {found.gzip_level};\n  gzip_min_length {found.gzip_min_length};"
        yield "  gzip_proxied any;\n  gzip_types *;"


def _log(found: Configuration) -> Iterator[str]:
    request_id = "$request_id" if found.generate_request_id else '""'
    yield f'  map $http_x_request_id $req_id {{ default $http_x_request_id; "" {request_id}; }}'
    yield f"  log_format upstreaminfo escape={found.log_escape} {quoted(found.log_format or LOG_FORMAT)};"
    # Many lines are written at once under load; a single one is late by less than anybody notices.
    yield "  access_log /dev/stdout upstreaminfo buffer=32k flush=20ms;" if found.access_log else "  access_log off;"


def _addresses(found: Configuration) -> Iterator[str]:
    yield "  set_real_ip_from unix:;\n  real_ip_header proxy_protocol;"
    name = "http_" + found.forwarded_for_header.lower().replace("-", "_")
    yield f"  map ${name} $original_forwarded_for {{ default ${name}; }}"
    first = f'map ${name} $the_real_ip {{ default $remote_addr; "~^ *(?P<first>[^, ]+)" $first; }}'
    yield f"  {first if found.use_forwarded_headers else 'map $remote_addr $the_real_ip { default $remote_addr; }'}"
    full = f'map ${name} $full_forwarded_for {{ default "${name}, $remote_addr"; "" $remote_addr; }}'
    both = found.use_forwarded_headers and found.full_forwarded_for
    yield f"  {full if both else 'map $the_real_ip $full_forwarded_for { default $the_real_ip; }'}"
    yield _FORWARDED if found.use_forwarded_headers else _PLAIN
    yield from (f"  deny {entry};" for entry in found.block_cidrs)


def _response_headers(found: Configuration, files: Files) -> Iterator[str]:
    yield f'  map $scheme $hsts {{ default ""; https {quoted(_hsts(found))}; }}'
    if not found.backend_server_header:
        yield "  more_clear_headers Server;"
    yield from (f"  proxy_hide_header {quoted(name)};" for name in found.hide_headers)
    for name, value in sorted(files.headers.get(found.add_headers, {}).items()):
        yield f"  more_set_headers {literal_header(name, value)};"


def literal_header(name: str, value: str) -> str:
    """Return a response header as one word; a dollar sign in it is one."""
    return quoted(f"{name}: {value}".replace("$", "${literal_dollar}"))


def _hsts(found: Configuration) -> str:
    more = "; includeSubDomains" if found.hsts_subdomains else ""
    return f"max-age={found.hsts_max_age}{more}" + ("; preload" if found.hsts_preload else "")


def inner_servers(files: Files) -> Iterator[str]:
    """Yield the servers that are not for the public: health, the built-in 404, the webhook's door."""
    yield f"""  server {{
    listen {quoted("unix:" + files.ports[10254])} proxy_protocol;
    access_log off;
    location = /healthz {{ return 200 "ok"; }}
    location / {{ return 404; }}
  }}
  server {{
    listen {quoted("unix:" + files.scratch + "/default")};
    access_log off;
    location / {{ return 404; }}
  }}"""
    if files.webhook:
        certificate, key = quoted(f"{files.webhook}/cert"), quoted(f"{files.webhook}/key")
        yield f"""  server {{
    listen {quoted("unix:" + files.ports[files.webhook_port])} proxy_protocol ssl;
    access_log off;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    client_max_body_size 9m;
    location / {{
      proxy_http_version 1.0;
      proxy_method $request_method;
      proxy_pass {quoted(f"http://unix:{files.scratch}/webhook:")};
    }}
  }}"""
