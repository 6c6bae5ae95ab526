"""Turns the configuration in a pod's tree into one that the real nginx can run without root and without a network.

Pure. Listening ports become unix sockets that expect the PROXY protocol, paths move below the pod's tree, and upstream
addresses become sockets of the fabric. Only directives of the table pass: what could load code, leave the tree or reach
another host is translated, dropped or refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Directive = dict[str, Any]

# Handled by nginx's master alone; ours decides them.
_DROPPED = frozenset({
    "user", "daemon", "master_process", "pid", "lock_file", "worker_processes", "worker_rlimit_nofile",
    "worker_priority",
    "worker_cpu_affinity", "working_directory", "env", "debug_points", "thread_pool", "resolver", "resolver_timeout",
    "worker_rlimit_core", "set_real_ip_from", "real_ip_header", "real_ip_recursive",
})  # fmt: skip
# The argument at that place is a file or folder.
_PATHS: Mapping[str, int] = {
    "root": 0, "alias": 0, "include": 0, "auth_basic_user_file": 0, "ssl_certificate": 0, "ssl_certificate_key": 0,
    "ssl_client_certificate": 0, "ssl_trusted_certificate": 0, "ssl_dhparam": 0, "ssl_password_file": 0,
    "ssl_crl": 0, "proxy_ssl_crl": 0, "proxy_ssl_trusted_certificate": 0, "ssl_stapling_file": 0,
    "ssl_session_ticket_key": 0, "quic_host_key": 0, "proxy_ssl_password_file": 0,
    "client_body_temp_path": 0, "proxy_temp_path": 0, "fastcgi_temp_path": 0, "uwsgi_temp_path": 0, "scgi_temp_path": 0,
    "proxy_cache_path": 0, "access_log": 0, "error_log": 0,
}  # fmt: skip
_REFUSED = re.compile(
    r"load_module|perl.*|js_.*|lua_.*|.*_by_lua.*|fastcgi_.*|uwsgi_.*|scgi_.*|memcached_.*|grpc_.*|mail|stream|dav_.*|"
    r"ssl_engine|ssl_key_log|ssl_ech_file|ssl_conf_command|state|google_perftools_profiles|xslt_.*|image_filter.*|proxy_store.*|proxy_bind|.*_bind|proxy_ssl_certificate.*"
)
_STREAMS = {"/var/log/nginx/access.log": "/dev/stdout", "/var/log/nginx/error.log": "stderr",
            "/dev/stdout": "/dev/stdout", "/dev/stderr": "stderr"}  # fmt: skip


class ConfigurationError(Exception):
    """The configuration cannot be run; the text is a line as nginx logs it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are on the host: the pod's tree, the folder for sockets and temporary files."""

    root: str
    sockets: str
    scratch: str

    def inside(self, path: str) -> str:
        """Return the host's path of a path in the container; nothing leads out of the tree."""
        absolute = posixpath.normpath(posixpath.join("/etc/nginx", path))
        return self.root + absolute

    def socket(self, port: int) -> str:
        """Return the unix socket that stands for a port."""
        return f"{self.sockets}/{port}"


@dataclass(slots=True)
class Translation:
    """The result: directives, listening ports, and the upstream names with the ``(host, port)`` they stand for."""

    directives: list[Directive] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    upstreams: dict[tuple[str, int], str] = field(default_factory=dict)


def translate(config: Iterable[Directive], places: Places, *, as_root: bool) -> Translation:
    """Return what nginx is started with; raises ``ConfigurationError``."""
    result = Translation()
    walker = _Walker(places, result)
    main = walker.block(config, ())
    head = [
        _directive("user", "root") if as_root else None,
        _directive("worker_processes", "1"),
        _directive("pid", f"{places.scratch}/nginx.pid"),
        _directive("daemon", "off"),
    ]
    result.directives = [entry for entry in head if entry] + [_with_client_address(e, places, result) for e in main]
    return result


def _directive(name: str, *arguments: str) -> Directive:
    return {"directive": name, "args": list(arguments)}


def _with_client_address(entry: Directive, places: Places, result: Translation) -> Directive:
    if entry["directive"] != "http":
        return entry
    scratch = [
        _directive(f"{name}_temp_path", f"{places.scratch}/{name}")
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        if not any(child["directive"] == f"{name}_temp_path" for child in entry["block"])
    ]
    trusted = [_directive("set_real_ip_from", "unix:"), _directive("real_ip_header", "proxy_protocol")]
    upstreams = [
        {"directive": "upstream", "args": [name], "block": [_directive("server", f"unix:{places.sockets}/{name}")]}
        for name in result.upstreams.values()
    ]
    return {**entry, "block": [*trusted, *scratch, *upstreams, *entry["block"]]}


class _Walker:
    def __init__(self, places: Places, result: Translation) -> None:
        self._places = places
        self._result = result
        self._named: set[str] = set()

    def block(self, directives: Iterable[Directive], context: Sequence[str]) -> list[Directive]:
        entries = list(directives)
        self._named |= {entry["args"][0] for entry in entries if entry["directive"] == "upstream"}
        made = [self._one(entry, context) for entry in entries]
        kept = [entry for entry in made if entry is not None]
        if context[-1:] == ("server",) and not any(entry["directive"] == "listen" for entry in kept):
            kept.insert(0, self._listen(["80"]))
        return kept

    def _one(self, entry: Directive, context: Sequence[str]) -> Directive | None:
        name, arguments = str(entry["directive"]), [str(text) for text in entry["args"]]
        if name in _DROPPED or name == "#":
            return None
        if _REFUSED.fullmatch(name):
            raise ConfigurationError(
                f'[emerg] "{name}" directive is not allowed in the embedded cluster (it works on kind) '
                f"in {entry.get('file', 'nginx.conf')}:{entry.get('line', 0)}"
            )
        if name == "listen":
            return self._listen_or_nothing(arguments)
        made = _directive(name, *self._arguments(name, arguments, context))
        made |= {key: entry[key] for key in ("file", "line") if key in entry}
        if "block" in entry:
            made["block"] = self.block(entry["block"], (*context, name))
        return made

    def _arguments(self, name: str, arguments: list[str], context: Sequence[str]) -> list[str]:
        if name in _PATHS and arguments:
            return self._path(name, arguments)
        if name == "proxy_pass":
            return [self._proxy(arguments[0])]
        if name == "server" and context[-1:] == ("upstream",):
            return [self._upstream_server(arguments[0]), *arguments[1:]]
        return arguments

    def _path(self, name: str, arguments: list[str]) -> list[str]:
        place = _PATHS[name]
        path = arguments[place]
        if name in ("access_log", "error_log"):
            if path in ("off", "stderr"):
                return arguments
            if path.startswith(("syslog:", "memory:")):
                raise ConfigurationError(f'[emerg] "{name} {path}" is not allowed in the embedded cluster')
            absolute = posixpath.normpath(posixpath.join("/etc/nginx", path))
            return [_STREAMS.get(absolute) or self._places.inside(path), *arguments[1:]]
        if path.startswith(("data:", "engine:", "store:")):
            raise ConfigurationError(f'[emerg] "{name} {path}" is not allowed in the embedded cluster')
        return [*arguments[:place], self._places.inside(path), *arguments[place + 1 :]]

    def _listen_or_nothing(self, arguments: list[str]) -> Directive | None:
        # Every server listens on IPv4 in this cluster; the second line of the pair would be the same socket again.
        return None if arguments[0].startswith("[") else self._listen(arguments)

    def _listen(self, arguments: list[str]) -> Directive:
        address = arguments[0]
        if address.startswith("unix:"):
            raise ConfigurationError(f'[emerg] "listen {address}" is not allowed in the embedded cluster')
        port = int(address.rpartition(":")[2]) if address.rpartition(":")[2].isdigit() else 80
        self._result.ports.add(port)
        kept = [text for text in arguments[1:] if text in ("default_server", "default", "ssl", "http2")]
        return _directive("listen", f"unix:{self._places.socket(port)}", "proxy_protocol", *kept)

    def _proxy(self, target: str) -> str:
        parts = urlsplit(target)
        if "$" in parts.netloc or parts.scheme not in ("http", "https") or parts.netloc.startswith("unix:"):
            raise ConfigurationError(f'[emerg] "proxy_pass {target}" is not allowed in the embedded cluster')
        if parts.hostname in {name.lower() for name in self._named}:
            return target
        port = parts.port or (443 if parts.scheme == "https" else 80)
        rest = target.partition("://")[2].removeprefix(parts.netloc)
        return f"{parts.scheme}://{self._upstream(parts.hostname or '', port)}{rest}"

    def _upstream_server(self, address: str) -> str:
        if address.startswith("unix:"):
            raise ConfigurationError(f'[emerg] "server {address}" is not allowed in the embedded cluster')
        host, _, port = address.partition(":")
        return f"unix:{self._places.sockets}/{self._upstream(host, int(port) if port.isdigit() else 80)}"

    def _upstream(self, host: str, port: int) -> str:
        return self._result.upstreams.setdefault((host, port), f"upstream-{len(self._result.upstreams)}")
