"""The whole configuration of one controller replica."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.ingress.text.access import list_lines, zone_lines
from k8slab.emulator.ingress.text.files import Files
from k8slab.emulator.ingress.text.frame import http_lines, inner_servers
from k8slab.emulator.ingress.text.proxying import default_lines
from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.emulator.ingress.text.servers import server_lines, www_lines
from k8slab.emulator.ingress.text.upstreams import upstream_lines
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import CATCH_ALL, Model


def render(model: Model, configuration: Configuration, files: Files) -> str:
    """Return the whole configuration."""
    return "\n".join(_lines(model, configuration, files)) + "\n"


def _lines(model: Model, configuration: Configuration, files: Files) -> Iterator[str]:
    if files.as_root:
        yield "user root;"
    yield f"pid {quoted(files.scratch + '/nginx.pid')};"
    yield f"error_log stderr {configuration.error_log_level};"
    yield "daemon off;\nworker_processes 1;\nworker_shutdown_timeout 240s;\nevents { worker_connections 16384; }"
    yield "http {"
    yield from http_lines(configuration, files)
    yield from default_lines(configuration, files)
    yield from _scripts(files)
    yield from list_lines(model, configuration)
    yield from zone_lines(model)
    yield from upstream_lines(files)
    for host in sorted(model.servers, key=lambda name: (name != CATCH_ALL, name)):
        yield from server_lines(model, model.servers[host], configuration, files)
        yield from www_lines(model, model.servers[host], configuration, files)
    yield from inner_servers(files)
    yield "}"


def _scripts(files: Files) -> Iterator[str]:
    yield f"  js_path {quoted(files.scratch)};"
    yield "  js_import balancer from balancer.js;\n  js_import digest from digest.js;"
    yield "  js_set $escaped_request_uri balancer.escaped;"
    yield f"  js_preload_object policies from {quoted(files.policies)};\n  js_set $endpoint balancer.endpoint;"
    yield '  js_var $affinity_cookie "";'
