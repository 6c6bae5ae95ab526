"""Hostnames of listeners and routes: a wildcard covers one or more labels (gw:apis/v1/shared_types.go, Hostname)."""

from __future__ import annotations

from collections.abc import Sequence


def covers(pattern: str, host: str) -> bool:
    """Tell whether a hostname (``""`` for all, ``*.example.com``) covers a host or a narrower hostname."""
    if not pattern or pattern == host:
        return True
    return pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) >= len(pattern)


def intersection(listener: str, hostnames: Sequence[str]) -> list[str]:
    """Return the hostnames under which a route is reached at a listener; empty when there are none."""
    if not hostnames:
        return [listener]
    found = [host if covers(listener, host) else listener for host in hostnames
             if covers(listener, host) or covers(host, listener)]  # fmt: skip
    return list(dict.fromkeys(found))


def precedence(hostname: str) -> tuple[int, int]:
    """Return a key that sorts the more specific hostname first: exact ones, then the longer ones."""
    exact = 0 if hostname.startswith("*.") else len(hostname)
    return -exact, -len(hostname)
