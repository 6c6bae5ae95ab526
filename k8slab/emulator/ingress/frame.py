"""The parts of the configuration that are the same for everybody (ing:rootfs/etc/nginx/template/nginx.tmpl)."""

from __future__ import annotations

LOG_FORMAT = (
    '\'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" $request_length $request_time [$proxy_upstream_name] [] $upstream_addr '
    "$upstream_response_length $upstream_response_time $upstream_status $req_id'"
)
HTTP_HEAD = """  js_import balancer from balancer.js;
  js_shared_dict_zone zone=endpoints:4m;
  js_set $no_endpoints balancer.missing;
  default_type text/html;
  server_tokens off;
  more_clear_headers Server;
  keepalive_timeout 75s;
  keepalive_requests 1000;
  client_header_buffer_size 1k;
  large_client_header_buffers 4 8k;
  client_header_timeout 60s;
  client_body_timeout 60s;
  client_body_buffer_size 8k;
  http2_max_concurrent_streams 128;
  types_hash_max_size 2048;
  server_names_hash_max_size 4096;
  server_names_hash_bucket_size 256;
  variables_hash_max_size 4096;
  variables_hash_bucket_size 256;
  map_hash_bucket_size 256;
  reset_timedout_connection on;
  underscores_in_headers off;
  ignore_invalid_headers on;
  port_in_redirect off;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:SSL:10m;
  ssl_session_tickets off;
  proxy_intercept_errors off;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  map $http_x_request_id $req_id { default $http_x_request_id; "" $request_id; }
  map $http_host $this_host { default $http_host; "" $host; }
  map $best_http_host $redirect_host { default $best_http_host; "~^(?P<name>.+):\\d+$" $name; "" _; }
  map $request_uri $request_uri_noslash { default $request_uri; "~^(?P<shorter>.*)/$" $shorter; }"""
PROXY_LINES = """proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Request-ID $req_id;
      proxy_set_header X-Real-IP $the_real_ip;
      proxy_set_header X-Forwarded-For $full_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $best_http_host;
      proxy_set_header X-Forwarded-Port $pass_port;
      proxy_set_header X-Forwarded-Proto $pass_access_scheme;
      proxy_set_header X-Forwarded-Scheme $pass_access_scheme;
      proxy_set_header X-Scheme $pass_access_scheme;
      proxy_set_header X-Original-Forwarded-For $http_x_forwarded_for;
      proxy_set_header X-Original-Forwarded-Host $http_x_forwarded_host;
      proxy_set_header Proxy "";
      proxy_buffering off;
      proxy_buffer_size 4k;
      proxy_buffers 4 4k;
      proxy_max_temp_file_size 1024m;
      proxy_request_buffering on;
      proxy_http_version 1.1;
      proxy_cookie_domain off;
      proxy_cookie_path off;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 3;
      proxy_redirect off;"""

# What the proxies in front of us say counts; without a word from them, the connection does.
FORWARDED = """  map $http_x_forwarded_for $the_real_ip { default $remote_addr; "~^(?P<first>[^, ]+)" $first; }
  map $http_x_forwarded_proto $pass_access_scheme { default $http_x_forwarded_proto; "" $scheme; }
  map $http_x_forwarded_host $best_http_host { default $http_x_forwarded_host; "" $this_host; }
  map $http_x_forwarded_for $full_x_forwarded_for { default "$http_x_forwarded_for, $remote_addr"; "" $remote_addr; }
  map $http_x_forwarded_port $pass_port { default $http_x_forwarded_port; "" $proxy_protocol_server_port; }"""
PLAIN = {
    "the_real_ip": "remote_addr",
    "pass_access_scheme": "scheme",
    "best_http_host": "this_host",
    "full_x_forwarded_for": "remote_addr",
    "pass_port": "proxy_protocol_server_port",
}
