"""Upstreams: one group of slots for each Service port, and those of the addresses that annotations name."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.ingress.text.files import DEFAULT_BACKEND, Files, Upstream
from k8slab.emulator.ingress.text.quoting import quoted

_TRIES = 3
_METHODS = {"round_robin": "", "ewma": "random two least_conn; "}


def upstream_lines(files: Files) -> Iterator[str]:
    """Yield all upstreams; what their sockets lead to is not said here."""
    yield f"  upstream {DEFAULT_BACKEND} {{ server {quoted(f'unix:{files.scratch}/default')}; }}"
    for upstream in files.upstreams.values():
        yield from _slots(upstream, files)
    for host, socket in sorted(files.hosts.items()):
        # Two entries: a connection that breaks is tried once more.
        server = f"server {quoted(f'unix:{socket}')} max_fails=0; "
        yield f"  upstream {quoted(host_upstream(host))} {{ keepalive 0; {server * 2}}}"


def _slots(upstream: Upstream, files: Files) -> Iterator[str]:
    folder = files.slots(upstream.name)
    servers = "".join(f'server "unix:{folder}/{number}" max_fails=0; ' for number in range(upstream.slots))
    # A connection that was kept would go on to lead to an endpoint that its slot has left.
    yield f"  upstream {quoted(upstream.name)} {{ {_METHODS[upstream.balance]}keepalive 0; {servers}}}"
    for number in range(upstream.slots if upstream.pinned else 0):
        server = f'server "unix:{folder}/{number}" max_fails=0; '
        yield f"  upstream {quoted(f'{upstream.name}~{number}')} {{ keepalive 0; {server * _TRIES}}}"


def host_upstream(host: str) -> str:
    """Return the name of the upstream for a ``host:port``."""
    return "host~" + host.replace(":", "~")
