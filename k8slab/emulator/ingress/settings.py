"""The controller's own ConfigMap: the keys that are read, with their defaults (see its documentation)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from k8slab.emulator.ingress.values import InvalidValueError, boolean, networks, number, size


@dataclass(frozen=True, slots=True)
class Configuration:
    """What holds for all Ingresses."""

    ssl_redirect: bool = True
    force_ssl_redirect: bool = False
    redirect_code: int = 308
    limit_req_status: int = 503
    limit_conn_status: int = 503
    body_size: str = "1m"
    connect_timeout: int = 5
    send_timeout: int = 60
    read_timeout: int = 60
    use_forwarded_headers: bool = False
    allowlist: tuple[str, ...] = ()
    denylist: tuple[str, ...] = ()
    hsts: bool = True
    hsts_max_age: int = 31536000
    hsts_subdomains: bool = True
    hsts_preload: bool = False
    allow_snippets: bool = False
    strict_paths: bool = True
    access_log_for_default: bool = False


_ROWS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "ssl-redirect": ("ssl_redirect", boolean),
    "force-ssl-redirect": ("force_ssl_redirect", boolean),
    "http-redirect-code": ("redirect_code", number),
    "limit-req-status-code": ("limit_req_status", number),
    "limit-conn-status-code": ("limit_conn_status", number),
    "proxy-body-size": ("body_size", size),
    "proxy-connect-timeout": ("connect_timeout", number),
    "proxy-send-timeout": ("send_timeout", number),
    "proxy-read-timeout": ("read_timeout", number),
    "use-forwarded-headers": ("use_forwarded_headers", boolean),
    "whitelist-source-range": ("allowlist", networks),
    "denylist-source-range": ("denylist", networks),
    "hsts": ("hsts", boolean),
    "hsts-max-age": ("hsts_max_age", number),
    "hsts-include-subdomains": ("hsts_subdomains", boolean),
    "hsts-preload": ("hsts_preload", boolean),
    "allow-snippet-annotations": ("allow_snippets", boolean),
    "strict-validate-path-type": ("strict_paths", boolean),
    "enable-access-log-for-default-backend": ("access_log_for_default", boolean),
}
_CODES = {
    "redirect_code": (301, 302, 307, 308),
    "limit_req_status": range(400, 600),
    "limit_conn_status": range(400, 600),
}


def parse_configuration(data: Mapping[str, str]) -> Configuration:
    """Read the ConfigMap; a value that is wrong leaves the default."""
    found = Configuration()
    for key, (name, parse) in _ROWS.items():
        try:
            value = parse(data[key].strip()) if key in data else None
        except InvalidValueError:
            continue
        if value is not None and (name not in _CODES or value in _CODES[name]):
            found = replace(found, **{name: value})
    return found
