"""Keys of the controller's ConfigMap that are known and have no effect here (its configmap.md, v1.15.1)."""

from __future__ import annotations

_NAMES = """
access-log-params access-log-path bind-address block-referers block-user-agents brotli-level brotli-min-length
brotli-types custom-http-errors-format datadog-collector-host debug-connections default-type disable-ipv6
disable-ipv6-dns enable-brotli enable-modsecurity enable-multi-accept enable-ocsp enable-opentelemetry
enable-owasp-modsecurity-crs enable-real-ip enable-syslog error-log-path global-auth-always-set-cookie
global-auth-cache-duration global-auth-cache-key global-auth-method global-auth-request-redirect
global-auth-response-headers global-auth-signin global-auth-signin-redirect-param global-auth-snippet
grpc-buffer-size-kb gzip-disable gzip-types http-access-log-path http-snippet http2-max-concurrent-streams
limit-conn-zone-variable location-snippet log-format-escape-none log-format-stream lua-shared-dicts main-snippet
map-hash-bucket-size max-worker-connections max-worker-open-files modsecurity-snippet nginx-status-ipv4-whitelist
nginx-status-ipv6-whitelist opentelemetry-config otlp-collector-host otlp-collector-port plugins
proxy-add-original-uri-header proxy-headers-hash-bucket-size proxy-headers-hash-max-size
proxy-protocol-header-timeout proxy-real-ip-cidr proxy-ssl-location-only proxy-stream-next-upstream
proxy-stream-next-upstream-timeout proxy-stream-next-upstream-tries proxy-stream-responses proxy-stream-timeout
reuse-port server-name-hash-bucket-size server-name-hash-max-size server-snippet skip-access-log-urls
ssl-buffer-size ssl-dh-param ssl-early-data ssl-ecdh-curve ssl-reject-handshake ssl-session-cache
ssl-session-cache-size ssl-session-ticket-key ssl-session-tickets ssl-session-timeout stream-access-log-path
stream-snippet syslog-host syslog-port upstream-keepalive-connections upstream-keepalive-requests
upstream-keepalive-time upstream-keepalive-timeout use-geoip use-geoip2 use-proxy-protocol
variables-hash-bucket-size variables-hash-max-size worker-cpu-affinity worker-processes worker-shutdown-timeout
"""
KEYS_NOT_SERVED: tuple[str, ...] = tuple(_NAMES.split())
