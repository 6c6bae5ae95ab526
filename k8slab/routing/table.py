"""The table of ingress-nginx's annotations (v1.15.1): group, risk, what a wrong value does, field, reader.

Sources: ing:internal/ingress/annotations, ing:docs/user-guide/nginx-configuration/annotations-risk.md.
"""
# ruff: noqa: E501 - one annotation, one line

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from k8slab.routing import values as v

# What an invalid value does: the Ingress is refused, the default is used, or the location answers 503.
Fault = Literal["refused", "default", "denied"]
Risk = Literal["Low", "Medium", "High", "Critical"]
RISKS: tuple[Risk, ...] = ("Low", "Medium", "High", "Critical")
_PROTOCOLS = ("HTTP", "HTTPS", "AUTO_HTTP", "GRPC", "GRPCS", "FCGI")


def _origins(text: str) -> str:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    allowed = v.pattern(r"\*|null|[A-Za-z][A-Za-z0-9+.\-]*://(\*\.)?[A-Za-z0-9\-_.]+(:\d+)?")
    return ",".join(allowed(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One annotation: the field it sets, how its text is read, what an invalid value does, its group and risk.

    Without a field it is not served; its value is still read, because a wrong one may refuse the Ingress.
    """

    group: str
    risk: Risk
    fault: Fault
    field: str
    parse: Callable[[str], Any]


SERVED: Mapping[str, Row] = {
    "server-alias": Row("Aliases", "High", "refused", "aliases", v.names),
    "whitelist-source-range": Row("Allowlist", "Medium", "denied", "allowlist", v.networks),
    "allowlist-source-range": Row("Allowlist", "Medium", "denied", "allowlist", v.networks),
    "denylist-source-range": Row("Denylist", "Medium", "denied", "denylist", v.networks),
    "backend-protocol": Row("BackendProtocol", "Low", "default", "backend_protocol", v.option(*_PROTOCOLS, upper=True)),
    "auth-type": Row("BasicDigestAuth", "Low", "refused", "auth_type", v.option("basic", "digest")),
    "auth-realm": Row("BasicDigestAuth", "Medium", "refused", "auth_realm", v.words),
    "auth-secret": Row("BasicDigestAuth", "Medium", "denied", "auth_secret", v.basic),
    "auth-secret-type": Row("BasicDigestAuth", "Low", "refused", "auth_secret_type", v.option("auth-file", "auth-map")),
    "canary": Row("Canary", "Low", "default", "canary", v.boolean),
    "canary-weight": Row("Canary", "Low", "default", "canary_weight", v.number),
    "canary-weight-total": Row("Canary", "Low", "default", "canary_weight_total", v.number),
    "canary-by-header": Row("Canary", "Medium", "default", "canary_header", v.basic),
    "canary-by-header-value": Row("Canary", "Medium", "default", "canary_header_value", v.basic),
    "canary-by-header-pattern": Row("Canary", "Medium", "default", "canary_header_pattern", v.regex),
    "canary-by-cookie": Row("Canary", "Medium", "default", "canary_cookie", v.basic),
    "auth-tls-secret": Row("CertificateAuth", "Medium", "denied", "tls_secret", v.basic),
    "auth-tls-verify-client": Row("CertificateAuth", "Medium", "default", "tls_verify_client",
                                  v.option("on", "off", "optional", "optional_no_ca")),
    "auth-tls-verify-depth": Row("CertificateAuth", "Low", "default", "tls_verify_depth", v.number),
    "auth-tls-match-cn": Row("CertificateAuth", "High", "denied", "tls_match_cn", v.pattern(r"CN=[\w\-.*^$\[\](){}+?|\\]+")),
    "auth-tls-error-page": Row("CertificateAuth", "High", "default", "tls_error_page", v.variable_url),
    "auth-tls-pass-certificate-to-upstream": Row("CertificateAuth", "Low", "default", "tls_pass_certificate", v.boolean),
    "client-body-buffer-size": Row("ClientBodyBufferSize", "Low", "refused", "body_buffer_size", v.size),
    "configuration-snippet": Row("ConfigurationSnippet", "Critical", "default", "configuration_snippet", v.anything),
    "connection-proxy-header": Row("Connection", "Low", "refused", "connection_header", v.option("close", "keep-alive")),
    "enable-cors": Row("CorsConfig", "Low", "default", "cors", v.boolean),
    "cors-allow-origin": Row("CorsConfig", "Medium", "default", "cors_origin", _origins),
    "cors-allow-methods": Row("CorsConfig", "Medium", "default", "cors_methods", v.pattern(r"[A-Za-z]+,?(\s?[A-Za-z]+,?)*")),
    "cors-allow-headers": Row("CorsConfig", "Medium", "default", "cors_headers", v.headers),
    "cors-expose-headers": Row("CorsConfig", "Medium", "default", "cors_expose", v.pattern(r"(([A-Za-z0-9\-_]+|\*),?\s?)+")),
    "cors-allow-credentials": Row("CorsConfig", "Low", "default", "cors_credentials", v.boolean),
    "cors-max-age": Row("CorsConfig", "Low", "default", "cors_max_age", v.number),
    "custom-http-errors": Row("CustomHTTPErrors", "Low", "refused", "custom_errors", v.codes),
    "custom-headers": Row("CustomHeaders", "Medium", "denied", "custom_headers", v.basic),
    "default-backend": Row("DefaultBackend", "Low", "refused", "default_backend", v.pattern(r"[a-z]([-a-z0-9]*[a-z0-9])?")),
    "disable-proxy-intercept-errors": Row("DisableProxyInterceptErrors", "Low", "default", "no_intercept", v.boolean),
    "enable-global-auth": Row("EnableGlobalAuth", "Low", "default", "global_auth", v.boolean),
    "auth-url": Row("ExternalAuth", "High", "refused", "auth_url", v.variable_url),
    "auth-signin": Row("ExternalAuth", "High", "default", "auth_signin", v.variable_url),
    "auth-signin-redirect-param": Row("ExternalAuth", "Medium", "default", "auth_signin_redirect_param", v.basic),
    "auth-method": Row("ExternalAuth", "Low", "denied", "auth_method",
                       v.option("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", upper=True)),
    "auth-request-redirect": Row("ExternalAuth", "Medium", "default", "auth_request_redirect", v.variable_url),
    "auth-response-headers": Row("ExternalAuth", "Medium", "default", "auth_response_headers", v.listed),
    "auth-proxy-set-headers": Row("ExternalAuth", "Medium", "default", "auth_proxy_set_headers", v.basic),
    "auth-always-set-cookie": Row("ExternalAuth", "Low", "default", "auth_always_set_cookie", v.boolean),
    "auth-snippet": Row("ExternalAuth", "Critical", "default", "auth_snippet", v.anything),
    "load-balance": Row("LoadBalancing", "Low", "refused", "load_balance", v.option("round_robin", "ewma")),
    "enable-access-log": Row("Logs", "Low", "default", "access_log", v.boolean),
    "enable-rewrite-log": Row("Logs", "Low", "default", "rewrite_log", v.boolean),
    "mirror-target": Row("Mirror", "High", "default", "mirror_target", v.variable_url),
    "mirror-host": Row("Mirror", "High", "default", "mirror_host", v.variable),
    "mirror-request-body": Row("Mirror", "Low", "default", "mirror_body", v.option("on", "off")),
    "proxy-body-size": Row("Proxy", "Medium", "default", "body_size", v.size),
    "proxy-connect-timeout": Row("Proxy", "Low", "default", "connect_timeout", v.number),
    "proxy-send-timeout": Row("Proxy", "Low", "default", "send_timeout", v.number),
    "proxy-read-timeout": Row("Proxy", "Low", "default", "read_timeout", v.number),
    "proxy-next-upstream": Row("Proxy", "Medium", "default", "next_upstream", v.next_upstream),
    "proxy-next-upstream-timeout": Row("Proxy", "Low", "default", "next_upstream_timeout", v.number),
    "proxy-next-upstream-tries": Row("Proxy", "Low", "default", "next_upstream_tries", v.number),
    "proxy-buffering": Row("Proxy", "Low", "default", "buffering", v.option("on", "off")),
    "proxy-buffers-number": Row("Proxy", "Low", "default", "buffers_number", v.number),
    "proxy-buffer-size": Row("Proxy", "Low", "default", "buffer_size", v.size),
    "proxy-busy-buffers-size": Row("Proxy", "Low", "default", "busy_buffers_size", v.size),
    "proxy-max-temp-file-size": Row("Proxy", "Low", "default", "max_temp_file_size", v.size),
    "proxy-request-buffering": Row("Proxy", "Low", "default", "request_buffering", v.option("on", "off")),
    "proxy-http-version": Row("Proxy", "Low", "default", "http_version", v.option("1.0", "1.1")),
    "proxy-cookie-domain": Row("Proxy", "Medium", "default", "cookie_domain", v.words),
    "proxy-cookie-path": Row("Proxy", "Medium", "default", "cookie_path", v.words),
    "proxy-redirect-from": Row("Proxy", "Medium", "default", "redirect_from", v.variable_url),
    "proxy-redirect-to": Row("Proxy", "Medium", "default", "redirect_to", v.variable_url),
    "proxy-ssl-server-name": Row("ProxySSL", "Low", "default", "ssl_server_name", v.option("on", "off")),
    "proxy-ssl-name": Row("ProxySSL", "High", "default", "ssl_name", v.basic),
    "proxy-ssl-protocols": Row("ProxySSL", "Low", "default", "ssl_protocols",
                               v.pattern(r"((SSLv2|SSLv3|TLSv1|TLSv1\.1|TLSv1\.2|TLSv1\.3) ?)+")),
    "limit-rps": Row("RateLimit", "Low", "refused", "limit_rps", v.number),
    "limit-rpm": Row("RateLimit", "Low", "refused", "limit_rpm", v.number),
    "limit-connections": Row("RateLimit", "Low", "refused", "limit_connections", v.number),
    "limit-burst-multiplier": Row("RateLimit", "Low", "default", "limit_burst_multiplier", v.number),
    "limit-whitelist": Row("RateLimit", "Low", "refused", "limit_allowlist", v.networks),
    "limit-allowlist": Row("RateLimit", "Low", "refused", "limit_allowlist", v.networks),
    "limit-rate": Row("RateLimit", "Low", "default", "limit_rate", v.number),
    "limit-rate-after": Row("RateLimit", "Low", "default", "limit_rate_after", v.number),
    "from-to-www-redirect": Row("Redirect", "Low", "refused", "from_to_www", v.boolean),
    "permanent-redirect": Row("Redirect", "Medium", "refused", "permanent_redirect", v.url),
    "permanent-redirect-code": Row("Redirect", "Low", "refused", "permanent_redirect_code", v.code(300, 308, 301)),
    "temporal-redirect": Row("Redirect", "Medium", "refused", "temporal_redirect", v.web_url),
    "temporal-redirect-code": Row("Redirect", "Low", "refused", "temporal_redirect_code", v.code(300, 307, 302)),
    "relative-redirects": Row("Redirect", "Low", "refused", "relative_redirects", v.boolean),
    "app-root": Row("Rewrite", "Medium", "default", "app_root", v.target),
    "force-ssl-redirect": Row("Rewrite", "Medium", "default", "force_ssl_redirect", v.boolean),
    "preserve-trailing-slash": Row("Rewrite", "Medium", "default", "preserve_trailing_slash", v.boolean),
    "rewrite-target": Row("Rewrite", "Medium", "default", "rewrite_target", v.target),
    "ssl-redirect": Row("Rewrite", "Low", "default", "ssl_redirect", v.boolean),
    "use-regex": Row("Rewrite", "Low", "default", "use_regex", v.boolean),
    "ssl-ciphers": Row("SSLCipher", "Low", "default", "ssl_ciphers", v.pattern(r"[A-Za-z0-9!:+\-]*")),
    "ssl-prefer-server-ciphers": Row("SSLCipher", "Low", "default", "ssl_prefer_server_ciphers", v.boolean),
    "satisfy": Row("Satisfy", "Low", "default", "satisfy", v.option("any", "all")),
    "server-snippet": Row("ServerSnippet", "Critical", "default", "server_snippet", v.anything),
    "service-upstream": Row("ServiceUpstream", "Low", "default", "service_upstream", v.boolean),
    "affinity": Row("SessionAffinity", "Low", "default", "affinity", v.option("cookie")),
    "affinity-mode": Row("SessionAffinity", "Medium", "default", "affinity_mode", v.option("balanced", "persistent")),
    "affinity-canary-behavior": Row("SessionAffinity", "Low", "default", "affinity_canary", v.option("sticky", "legacy")),
    "session-cookie-name": Row("SessionAffinity", "Medium", "default", "cookie_name", v.basic),
    "session-cookie-path": Row("SessionAffinity", "Medium", "default", "cookie_session_path", v.basic),
    "session-cookie-domain": Row("SessionAffinity", "Medium", "default", "cookie_session_domain", v.basic),
    "session-cookie-expires": Row("SessionAffinity", "Medium", "default", "cookie_expires", v.pattern(r"(0|-?[1-9]\d{0,8})")),
    "session-cookie-max-age": Row("SessionAffinity", "Medium", "default", "cookie_max_age", v.pattern(r"(0|-?[1-9]\d{0,8})")),
    "session-cookie-samesite": Row("SessionAffinity", "Low", "default", "cookie_samesite", v.option("none", "lax", "strict")),
    "session-cookie-conditional-samesite-none": Row("SessionAffinity", "Low", "default", "cookie_conditional_samesite",
                                                    v.boolean),
    "session-cookie-secure": Row("SessionAffinity", "Low", "default", "cookie_secure", v.boolean),
    "session-cookie-change-on-failure": Row("SessionAffinity", "Low", "default", "cookie_change_on_failure", v.boolean),
    "session-cookie-partitioned": Row("SessionAffinity", "Low", "default", "cookie_partitioned", v.boolean),
    "upstream-hash-by": Row("UpstreamHashBy", "High", "refused", "hash_by", v.variable),
    "upstream-hash-by-subset": Row("UpstreamHashBy", "Low", "refused", "hash_subset", v.boolean),
    "upstream-hash-by-subset-size": Row("UpstreamHashBy", "Low", "refused", "hash_subset_size", v.number),
    "upstream-vhost": Row("UpstreamVhost", "Low", "refused", "upstream_vhost",
                          v.pattern(r"[-._~a-zA-Z0-9/:$]*")),
    "use-port-in-redirects": Row("UsePortInRedirects", "Low", "default", "use_port_in_redirects", v.boolean),
    "x-forwarded-prefix": Row("XForwardedPrefix", "Medium", "refused", "forwarded_prefix", v.target),
}  # fmt: skip
# Off unless the administrator allows snippets; refused by the webhook, dropped without it.
SNIPPETS = ("server-snippet", "configuration-snippet", "stream-snippet", "auth-snippet", "modsecurity-snippet")
# The controller knows these; here they have no effect, and an event on the Ingress says so.
NOT_SERVED: Mapping[str, tuple[str, Risk]] = {
    "auth-cache-duration": ("ExternalAuth", "Medium"), "auth-cache-key": ("ExternalAuth", "Medium"),
    "auth-keepalive": ("ExternalAuth", "Low"), "auth-keepalive-requests": ("ExternalAuth", "Low"),
    "auth-keepalive-share-vars": ("ExternalAuth", "Low"), "auth-keepalive-timeout": ("ExternalAuth", "Low"),
    "fastcgi-index": ("FastCGI", "Medium"), "fastcgi-params-configmap": ("FastCGI", "Medium"),
    "enable-modsecurity": ("ModSecurity", "Low"), "enable-owasp-core-rules": ("ModSecurity", "Low"),
    "modsecurity-snippet": ("ModSecurity", "Critical"), "modsecurity-transaction-id": ("ModSecurity", "High"),
    "enable-opentelemetry": ("Opentelemetry", "Low"), "opentelemetry-operation-name": ("Opentelemetry", "Medium"),
    "opentelemetry-trust-incoming-span": ("Opentelemetry", "Low"),
    "proxy-ssl-ciphers": ("ProxySSL", "Medium"), "proxy-ssl-secret": ("ProxySSL", "Medium"),
    "proxy-ssl-verify": ("ProxySSL", "Low"), "proxy-ssl-verify-depth": ("ProxySSL", "Low"),
    "ssl-passthrough": ("SSLPassthrough", "Low"), "stream-snippet": ("StreamSnippet", "Critical"),
}  # fmt: skip
# Known to every version and without an effect in this one: accepted in silence, as by the controller.
DEAD = ("http2-push-preload", "secure-backends", "enable-influxdb", "influxdb-measurement", "influxdb-port",
        "influxdb-host", "influxdb-server-name", "secure-verify-ca-secret", "add-base-url", "base-url-scheme")  # fmt: skip


def risk_of(name: str) -> tuple[str, Risk] | None:
    """Return the group and the risk of an annotation without its prefix; None for unknown ones."""
    row = SERVED.get(name)
    return (row.group, row.risk) if row else NOT_SERVED.get(name)
