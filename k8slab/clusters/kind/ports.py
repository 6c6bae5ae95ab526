"""Host ports for the ports of the node: the same number where it is free, another one where it is taken."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

# Where people look when 80 and 443 are taken or not theirs to use.
_SECOND_CHOICE = {80: 8080, 443: 8443}


def choose_host_ports(ports: Iterable[int], free: Callable[[int], bool] | None = None) -> dict[int, int]:
    """Return a host port for each port; ``free`` tells whether one can be listened on."""
    is_free = free or can_listen
    chosen: dict[int, int] = {}
    for port in ports:
        wanted = (port, _SECOND_CHOICE[port]) if port in _SECOND_CHOICE else (port,)
        chosen[port] = next((one for one in wanted if is_free(one)), 0) or _any_free(set(chosen.values()))
    return chosen


def can_listen(port: int) -> bool:
    """Tell whether this user could listen on 127.0.0.1 at that port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free(taken: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def told(chosen: dict[int, int]) -> list[str]:
    """Return a line for each port that is served on another number."""
    return [
        f"port {port} of this machine is taken; the cluster's port {port} is at 127.0.0.1:{host}"
        for port, host in sorted(chosen.items())
        if port != host
    ]
