"""The annotations that are served: one row each (ing:internal/ingress/annotations of v1.15.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from k8slab.emulator.ingress.values import (
    InvalidValueError,
    boolean,
    code,
    host,
    networks,
    number,
    size,
    target,
    url,
    web_url,
)

PREFIX = "nginx.ingress.kubernetes.io/"
# What an invalid value does: the Ingress is refused, the default is used, or the location answers 503.
Fault = Literal["refused", "default", "denied"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the annotations of one Ingress ask for; the defaults are the controller's."""

    rewrite_target: str = ""
    use_regex: bool = False
    app_root: str = ""
    permanent_redirect: str = ""
    permanent_redirect_code: int = 301
    temporal_redirect: str = ""
    temporal_redirect_code: int = 302
    ssl_redirect: bool | None = None
    force_ssl_redirect: bool | None = None
    limit_rps: int = 0
    limit_rpm: int = 0
    limit_connections: int = 0
    limit_burst_multiplier: int = 5
    limit_allowlist: tuple[str, ...] = ()
    allowlist: tuple[str, ...] = ()
    denylist: tuple[str, ...] = ()
    body_size: str = ""
    connect_timeout: int = 0
    send_timeout: int = 0
    read_timeout: int = 0
    upstream_vhost: str = ""
    forwarded_prefix: str = ""
    preserve_trailing_slash: bool = False
    relative_redirects: bool = False
    access_log: bool = True
    from_to_www: bool = False
    denied: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One annotation: the field it sets, how its text is read, and what an invalid value does."""

    field: str
    parse: Callable[[str], Any]
    fault: Fault


SERVED: Mapping[str, Row] = {
    "rewrite-target": Row("rewrite_target", target, "default"),
    "use-regex": Row("use_regex", boolean, "default"),
    "app-root": Row("app_root", target, "default"),
    "permanent-redirect": Row("permanent_redirect", url, "refused"),
    "permanent-redirect-code": Row("permanent_redirect_code", code(300, 308, 301), "refused"),
    "temporal-redirect": Row("temporal_redirect", web_url, "refused"),
    "temporal-redirect-code": Row("temporal_redirect_code", code(300, 307, 302), "refused"),
    "relative-redirects": Row("relative_redirects", boolean, "refused"),
    "ssl-redirect": Row("ssl_redirect", boolean, "default"),
    "force-ssl-redirect": Row("force_ssl_redirect", boolean, "default"),
    "preserve-trailing-slash": Row("preserve_trailing_slash", boolean, "default"),
    "limit-rps": Row("limit_rps", number, "refused"),
    "limit-rpm": Row("limit_rpm", number, "refused"),
    "limit-connections": Row("limit_connections", number, "refused"),
    "limit-burst-multiplier": Row("limit_burst_multiplier", number, "default"),
    "limit-whitelist": Row("limit_allowlist", networks, "denied"),
    "limit-allowlist": Row("limit_allowlist", networks, "denied"),
    "whitelist-source-range": Row("allowlist", networks, "denied"),
    "allowlist-source-range": Row("allowlist", networks, "denied"),
    "denylist-source-range": Row("denylist", networks, "denied"),
    "proxy-body-size": Row("body_size", size, "default"),
    "proxy-connect-timeout": Row("connect_timeout", number, "default"),
    "proxy-send-timeout": Row("send_timeout", number, "default"),
    "proxy-read-timeout": Row("read_timeout", number, "default"),
    "upstream-vhost": Row("upstream_vhost", host, "refused"),
    "x-forwarded-prefix": Row("forwarded_prefix", target, "refused"),
    "from-to-www-redirect": Row("from_to_www", boolean, "refused"),
    "enable-access-log": Row("access_log", boolean, "default"),
}
# Off unless the administrator allows snippets; refused by the webhook, dropped without it.
SNIPPETS = ("server-snippet", "configuration-snippet", "stream-snippet", "auth-snippet", "modsecurity-snippet")
# The controller knows these; the embedded cluster does not serve them yet.
NOT_SERVED = frozenset({
    "affinity", "affinity-canary-behavior", "affinity-mode", "auth-always-set-cookie", "auth-cache-duration",
    "auth-cache-key", "auth-keepalive", "auth-keepalive-requests", "auth-keepalive-share-vars",
    "auth-keepalive-timeout",
    "auth-method", "auth-proxy-set-headers", "auth-realm", "auth-request-redirect", "auth-response-headers",
    "auth-secret", "auth-secret-type", "auth-signin", "auth-signin-redirect-param", "auth-tls-error-page",
    "auth-tls-match-cn", "auth-tls-pass-certificate-to-upstream", "auth-tls-secret", "auth-tls-verify-client",
    "auth-tls-verify-depth", "auth-type", "auth-url", "backend-protocol", "canary", "canary-by-cookie",
    "canary-by-header", "canary-by-header-pattern", "canary-by-header-value", "canary-weight", "canary-weight-total",
    "client-body-buffer-size", "connection-proxy-header", "cors-allow-credentials", "cors-allow-headers",
    "cors-allow-methods", "cors-allow-origin", "cors-expose-headers", "cors-max-age", "custom-headers",
    "custom-http-errors", "default-backend", "disable-proxy-intercept-errors", "enable-cors", "enable-global-auth",
    "enable-modsecurity", "enable-opentelemetry", "enable-owasp-core-rules", "enable-rewrite-log",
"http2-push-preload", "limit-rate", "limit-rate-after", "load-balance", "mirror-host",
    "mirror-request-body", "mirror-target", "modsecurity-transaction-id", "opentelemetry-operation-name",
    "opentelemetry-trust-incoming-span", "proxy-buffer-size", "proxy-buffering", "proxy-buffers-number",
    "proxy-busy-buffers-size", "proxy-cookie-domain", "proxy-cookie-path", "proxy-http-version",
    "proxy-max-temp-file-size", "proxy-next-upstream", "proxy-next-upstream-timeout", "proxy-next-upstream-tries",
    "proxy-redirect-from", "proxy-redirect-to", "proxy-request-buffering", "proxy-ssl-ciphers", "proxy-ssl-name",
    "proxy-ssl-protocols", "proxy-ssl-secret", "proxy-ssl-server-name", "proxy-ssl-verify", "proxy-ssl-verify-depth",
    "satisfy", "server-alias", "service-upstream", "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none", "session-cookie-domain", "session-cookie-expires",
    "session-cookie-max-age", "session-cookie-name", "session-cookie-path", "session-cookie-samesite",
    "session-cookie-secure", "ssl-ciphers", "ssl-passthrough", "ssl-prefer-server-ciphers", "upstream-hash-by",
    "upstream-hash-by-subset", "upstream-hash-by-subset-size",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """The settings; ``refused`` is the first annotation whose value refuses the whole Ingress."""

    settings: Settings
    refused: str = ""
    not_served: tuple[str, ...] = ()


def parse_annotations(annotations: Mapping[str, str]) -> Parsed:
    """Read the annotations of one Ingress."""
    settings, refused = Settings(), ""
    known = {key.removeprefix(PREFIX): text for key, text in sorted(annotations.items()) if key.startswith(PREFIX)}
    for name, row in SERVED.items():
        if not known.get(name, "").strip():
            continue
        try:
            settings = replace(settings, **{row.field: row.parse(known[name].strip())})
        except InvalidValueError:
            if row.fault == "refused":
                refused = refused or f"{PREFIX}{name}"
            elif row.fault == "denied":
                settings = replace(settings, denied=f"{name} does not contain a valid list of IP addresses or networks")
    return Parsed(settings, refused, tuple(name for name in known if name in NOT_SERVED))
