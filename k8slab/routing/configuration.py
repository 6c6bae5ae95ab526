"""The controller's own ConfigMap: the keys that are read, with their defaults (see its documentation)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from k8slab.routing import values as v
from k8slab.routing.table import RISKS
from k8slab.routing.values import InvalidValueError


@dataclass(frozen=True, slots=True)
class Configuration:
    """What holds for all Ingresses. ``add_headers`` and ``proxy_set_headers`` name ConfigMaps (``namespace/name``)."""

    ssl_redirect: bool = True
    force_ssl_redirect: bool = False
    redirect_code: int = 308
    preserve_trailing_slash: bool = False
    use_port_in_redirects: bool = False
    relative_redirects: bool = False
    limit_req_status: int = 503
    limit_conn_status: int = 503
    limit_rate: int = 0
    limit_rate_after: int = 0
    body_size: str = "1m"
    body_buffer_size: str = "8k"
    connect_timeout: int = 5
    send_timeout: int = 60
    read_timeout: int = 60
    next_upstream: str = "error timeout"
    next_upstream_timeout: int = 0
    next_upstream_tries: int = 3
    retry_non_idempotent: bool = False
    buffering: str = "off"
    buffers_number: int = 4
    buffer_size: str = "4k"
    busy_buffers_size: str = "8k"
    max_temp_file_size: str = "1024m"
    request_buffering: str = "on"
    http_version: str = "1.1"
    cookie_domain: str = "off"
    cookie_path: str = "off"
    redirect_from: str = "off"
    redirect_to: str = "off"
    load_balance: str = "round_robin"
    hash_by: str = ""
    service_upstream: bool = False
    use_forwarded_headers: bool = False
    full_forwarded_for: bool = False
    forwarded_for_header: str = "X-Forwarded-For"
    allowlist: tuple[str, ...] = ()
    denylist: tuple[str, ...] = ()
    block_cidrs: tuple[str, ...] = ()
    server_tokens: bool = False
    backend_server_header: bool = False
    generate_request_id: bool = True
    hide_headers: tuple[str, ...] = ()
    hsts: bool = True
    hsts_max_age: int = 31536000
    hsts_subdomains: bool = True
    hsts_preload: bool = False
    ssl_protocols: str = "TLSv1.2 TLSv1.3"
    ssl_ciphers: str = ""
    http2: bool = True
    gzip: bool = False
    gzip_level: int = 1
    gzip_min_length: int = 256
    keep_alive: int = 75
    keep_alive_requests: int = 1000
    header_timeout: int = 60
    body_timeout: int = 60
    header_buffer_size: str = "1k"
    large_header_buffers: str = "4 8k"
    underscores_in_headers: bool = False
    ignore_invalid_headers: bool = True
    custom_errors: tuple[int, ...] = ()
    no_intercept: bool = False
    add_headers: str = ""
    proxy_set_headers: str = ""
    allowed_response_headers: tuple[str, ...] = ()
    global_auth_url: str = ""
    allow_snippets: bool = False
    risk_level: str = "High"
    blocked_words: tuple[str, ...] = ()
    strict_paths: bool = True
    cross_namespace: bool = False
    no_auth_locations: tuple[str, ...] = ("/.well-known/acme-challenge",)
    no_tls_redirect_locations: tuple[str, ...] = ("/.well-known/acme-challenge",)
    access_log: bool = True
    access_log_for_default: bool = False
    log_escape: str = "default"
    log_format: str = ""
    error_log_level: str = "notice"


def _not(text: str) -> bool:
    return not v.boolean(text)


def _escape(text: str) -> str:
    return "json" if v.boolean(text) else "default"


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _format(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise InvalidValueError(text)
    return text


_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
_SWITCH = v.option("on", "off")
ROWS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "ssl-redirect": ("ssl_redirect", v.boolean), "force-ssl-redirect": ("force_ssl_redirect", v.boolean),
    "http-redirect-code": ("redirect_code", v.number),
    "preserve-trailing-slash": ("preserve_trailing_slash", v.boolean),
    "use-port-in-redirects": ("use_port_in_redirects", v.boolean),
    "relative-redirects": ("relative_redirects", v.boolean),
    "limit-req-status-code": ("limit_req_status", v.number), "limit-conn-status-code": ("limit_conn_status", v.number),
    "limit-rate": ("limit_rate", v.number), "limit-rate-after": ("limit_rate_after", v.number),
    "proxy-body-size": ("body_size", v.size), "client-body-buffer-size": ("body_buffer_size", v.size),
    "proxy-connect-timeout": ("connect_timeout", v.number), "proxy-send-timeout": ("send_timeout", v.number),
    "proxy-read-timeout": ("read_timeout", v.number), "proxy-next-upstream": ("next_upstream", v.next_upstream),
    "proxy-next-upstream-timeout": ("next_upstream_timeout", v.number),
    "proxy-next-upstream-tries": ("next_upstream_tries", v.number),
    "retry-non-idempotent": ("retry_non_idempotent", v.boolean), "proxy-buffering": ("buffering", _SWITCH),
    "proxy-buffers-number": ("buffers_number", v.number), "proxy-buffer-size": ("buffer_size", v.size),
    "proxy-busy-buffers-size": ("busy_buffers_size", v.size),
    "proxy-max-temp-file-size": ("max_temp_file_size", v.size),
    "proxy-request-buffering": ("request_buffering", _SWITCH),
    "proxy-http-version": ("http_version", v.option("1.0", "1.1")),
    "proxy-cookie-domain": ("cookie_domain", v.words), "proxy-cookie-path": ("cookie_path", v.words),
    "proxy-redirect-from": ("redirect_from", v.variable_url), "proxy-redirect-to": ("redirect_to", v.variable_url),
    "load-balance": ("load_balance", v.option("round_robin", "ewma")), "upstream-hash-by": ("hash_by", v.variable),
    "service-upstream": ("service_upstream", v.boolean),
    "use-forwarded-headers": ("use_forwarded_headers", v.boolean),
    "compute-full-forwarded-for": ("full_forwarded_for", v.boolean),
    "forwarded-for-header": ("forwarded_for_header", v.header),
    "whitelist-source-range": ("allowlist", v.networks), "denylist-source-range": ("denylist", v.networks),
    "block-cidrs": ("block_cidrs", v.networks), "server-tokens": ("server_tokens", v.boolean),
    "allow-backend-server-header": ("backend_server_header", v.boolean),
    "generate-request-id": ("generate_request_id", v.boolean), "hide-headers": ("hide_headers", v.listed),
    "hsts": ("hsts", v.boolean), "hsts-max-age": ("hsts_max_age", v.number),
    "hsts-include-subdomains": ("hsts_subdomains", v.boolean), "hsts-preload": ("hsts_preload", v.boolean),
    "ssl-protocols": ("ssl_protocols", v.pattern(r"((SSLv2|SSLv3|TLSv1|TLSv1\.1|TLSv1\.2|TLSv1\.3) ?)+")),
    "ssl-ciphers": ("ssl_ciphers", v.pattern(r"[A-Za-z0-9!:+\-]*")), "use-http2": ("http2", v.boolean),
    "use-gzip": ("gzip", v.boolean), "gzip-level": ("gzip_level", v.number),
    "gzip-min-length": ("gzip_min_length", v.number), "keep-alive": ("keep_alive", v.number),
    "keep-alive-requests": ("keep_alive_requests", v.number), "client-header-timeout": ("header_timeout", v.number),
    "client-body-timeout": ("body_timeout", v.number), "client-header-buffer-size": ("header_buffer_size", v.size),
    "large-client-header-buffers": ("large_header_buffers", v.pattern(r"\d+ \d+[km]?")),
    "enable-underscores-in-headers": ("underscores_in_headers", v.boolean),
    "ignore-invalid-headers": ("ignore_invalid_headers", v.boolean), "custom-http-errors": ("custom_errors", v.codes),
    "disable-proxy-intercept-errors": ("no_intercept", v.boolean),
    "add-headers": ("add_headers", v.basic), "proxy-set-headers": ("proxy_set_headers", v.basic),
    "global-allowed-response-headers": ("allowed_response_headers", v.listed),
    "global-auth-url": ("global_auth_url", v.variable_url),
    "allow-snippet-annotations": ("allow_snippets", v.boolean),
    "annotations-risk-level": ("risk_level", v.one_of(*RISKS)),
    "annotation-value-word-blocklist": ("blocked_words", _words),
    "strict-validate-path-type": ("strict_paths", v.boolean),
    "allow-cross-namespace-resources": ("cross_namespace", v.boolean),
    "no-auth-locations": ("no_auth_locations", _words),
    "no-tls-redirect-locations": ("no_tls_redirect_locations", _words),
    "disable-access-log": ("access_log", _not),
    "enable-access-log-for-default-backend": ("access_log_for_default", v.boolean),
    "log-format-escape-json": ("log_escape", _escape), "log-format-upstream": ("log_format", _format),
    "error-log-level": ("error_log_level", v.option(*_LEVELS)),
}  # fmt: skip
_RANGES: Mapping[str, Any] = {
    "redirect_code": (301, 302, 307, 308), "limit_req_status": range(400, 600), "limit_conn_status": range(400, 600),
    "gzip_level": range(1, 10), "buffers_number": range(1, 1000),
}  # fmt: skip
_NEVER_NEGATIVE = range(1 << 31)


def parse_configuration(data: Mapping[str, str]) -> Configuration:
    """Read the ConfigMap; a value that is wrong leaves the default."""
    found: dict[str, Any] = {}
    for key, (name, parse) in ROWS.items():
        try:
            value = parse(data[key].strip()) if key in data else None
        except InvalidValueError:
            continue
        if value is not None and (type(value) is not int or value in _RANGES.get(name, _NEVER_NEGATIVE)):
            found[name] = value
    return replace(Configuration(), **found)
