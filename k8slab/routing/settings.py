"""What the annotations of one Ingress ask for; the defaults are the controller's (ing:internal/ingress/annotations)."""

from __future__ import annotations

from dataclasses import dataclass

CORS_METHODS = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
CORS_HEADERS = (
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Values as read; an empty text, zero or None means that the controller's ConfigMap decides."""

    # paths and redirects
    rewrite_target: str = ""
    use_regex: bool = False
    app_root: str = ""
    permanent_redirect: str = ""
    permanent_redirect_code: int = 301
    temporal_redirect: str = ""
    temporal_redirect_code: int = 302
    relative_redirects: bool = False
    ssl_redirect: bool | None = None
    force_ssl_redirect: bool | None = None
    preserve_trailing_slash: bool = False
    use_port_in_redirects: bool | None = None
    from_to_www: bool = False
    aliases: tuple[str, ...] = ()
    # limits and access
    limit_rps: int = 0
    limit_rpm: int = 0
    limit_connections: int = 0
    limit_burst_multiplier: int = 5
    limit_allowlist: tuple[str, ...] = ()
    limit_rate: int = 0
    limit_rate_after: int = 0
    allowlist: tuple[str, ...] = ()
    denylist: tuple[str, ...] = ()
    satisfy: str = ""
    auth_type: str = ""
    auth_realm: str = ""
    auth_secret: str = ""
    auth_secret_type: str = "auth-file"  # noqa: S105 - a form, no secret
    auth_url: str = ""
    auth_signin: str = ""
    auth_signin_redirect_param: str = "rd"
    auth_method: str = ""
    auth_request_redirect: str = ""
    auth_response_headers: tuple[str, ...] = ()
    auth_proxy_set_headers: str = ""
    auth_always_set_cookie: bool = False
    global_auth: bool = True
    tls_secret: str = ""
    tls_verify_client: str = "on"
    tls_verify_depth: int = 1
    tls_match_cn: str = ""
    tls_error_page: str = ""
    tls_pass_certificate: bool = False
    ssl_ciphers: str = ""
    ssl_prefer_server_ciphers: bool | None = None
    # cross-origin requests
    cors: bool = False
    cors_origin: str = "*"
    cors_methods: str = CORS_METHODS
    cors_headers: str = CORS_HEADERS
    cors_expose: str = ""
    cors_credentials: bool = True
    cors_max_age: int = 1728000
    # the way to the application
    backend_protocol: str = "HTTP"
    service_upstream: bool | None = None
    upstream_vhost: str = ""
    forwarded_prefix: str = ""
    connection_header: str = ""
    body_size: str = ""
    body_buffer_size: str = ""
    connect_timeout: int = 0
    send_timeout: int = 0
    read_timeout: int = 0
    next_upstream: str = ""
    next_upstream_timeout: int | None = None
    next_upstream_tries: int | None = None
    buffering: str = ""
    buffers_number: int = 0
    buffer_size: str = ""
    busy_buffers_size: str = ""
    max_temp_file_size: str = ""
    request_buffering: str = ""
    http_version: str = ""
    cookie_domain: str = ""
    cookie_path: str = ""
    redirect_from: str = ""
    redirect_to: str = ""
    ssl_secret: str = ""
    ssl_verify: str = ""
    ssl_verify_depth: int = 0
    ssl_server_name: str = ""
    ssl_name: str = ""
    ssl_protocols: str = ""
    proxy_ssl_ciphers: str = ""
    # the choice of an endpoint
    load_balance: str = ""
    hash_by: str = ""
    hash_subset: bool = False
    hash_subset_size: int = 3
    canary: bool = False
    canary_weight: int = 0
    canary_weight_total: int = 100
    canary_header: str = ""
    canary_header_value: str = ""
    canary_header_pattern: str = ""
    canary_cookie: str = ""
    affinity: str = ""
    affinity_mode: str = "balanced"
    affinity_canary: str = "sticky"
    cookie_name: str = "INGRESSCOOKIE"
    cookie_session_path: str = ""
    cookie_session_domain: str = ""
    cookie_expires: str = ""
    cookie_max_age: str = ""
    cookie_samesite: str = ""
    cookie_conditional_samesite: bool = False
    cookie_secure: bool = False
    cookie_change_on_failure: bool = False
    cookie_partitioned: bool = False
    # errors, copies, headers, log
    default_backend: str = ""
    custom_errors: tuple[int, ...] = ()
    no_intercept: bool = False
    custom_headers: str = ""
    mirror_target: str = ""
    mirror_host: str = ""
    mirror_body: str = "on"
    access_log: bool = True
    rewrite_log: bool = False
    configuration_snippet: str = ""
    server_snippet: str = ""
    auth_snippet: str = ""
    # why the location answers 503, when a value that only shows at run time is wrong
    denied: str = ""
