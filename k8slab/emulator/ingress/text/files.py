"""Where things are on the host, as far as the configuration names them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_BACKEND = "upstream-default-backend"


@dataclass(frozen=True, slots=True)
class Upstream:
    """One nginx upstream: a folder of sockets (slots) that lead to endpoints; which ones, may change at any time.

    ``forwarded`` ones lead through the cluster's network instead of straight to the pods (TLS, gRPC, Services, names).
    For ``chosen`` ones njs decides about each request; ``pinned`` ones also have a group for each slot, for requests
    that it leads to a certain endpoint.
    """

    name: str
    slots: int
    forwarded: bool = False
    chosen: bool = False
    pinned: bool = False
    balance: str = "round_robin"

    @property
    def folder(self) -> str:
        """Return the folder's name: short, because paths of sockets have at most 107 characters."""
        return folder_of(self.name)


def folder_of(name: str) -> str:
    """Return the folder's name of an upstream."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Files:
    """Paths, sockets and contents.

    ``ports`` are sockets by port, ``upstreams`` by name, ``hosts`` sockets by ``host:port`` for addresses that
    annotations name, ``certificates`` by ``Secret host``, ``secrets`` other files by what they were made of,
    ``headers`` the data of ConfigMaps by ``namespace/name``, ``remote`` the Service ports without pods of their own,
    ``policies`` the file that njs decides by.
    """

    scratch: str
    address: str
    ports: Mapping[int, str]
    upstreams: Mapping[str, Upstream]
    certificates: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    webhook: str = ""
    webhook_port: int = 8443
    as_root: bool = True
    policies: str = ""
    remote: frozenset[str] = frozenset()

    @property
    def default_certificate(self) -> str:
        """Return the path of the certificate for hosts that have none of their own."""
        return f"{self.scratch}/default.pem"

    def slots(self, name: str) -> str:
        """Return the folder with an upstream's sockets."""
        return f"{self.scratch}/u/{folder_of(name)}"
