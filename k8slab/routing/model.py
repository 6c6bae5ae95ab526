"""What routes are made of: hosts, paths, Service ports, and what belongs to the Services themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from k8slab.routing.settings import Settings

CATCH_ALL = "_"


@dataclass(frozen=True, slots=True)
class Backend:
    """A port of a Service. ``port`` is a number or a port's name, as the Ingress gives it."""

    namespace: str
    service: str
    port: int | str

    @property
    def name(self) -> str:
        """Return the upstream's name: ``<namespace>-<service>-<port>``."""
        return f"{self.namespace}-{self.service}-{self.port}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The Ingress that a route comes from."""

    namespace: str = ""
    name: str = ""
    uid: str = ""

    @property
    def path(self) -> str:
        """Return ``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Location:
    """One path of a host. ``backend`` is None for the built-in 404; ``implicit`` ones stand in no Ingress.

    ``fallback`` answers instead of a backend without endpoints and for custom error pages (annotation default-backend).
    """

    path: str
    path_type: str
    backend: Backend | None
    settings: Settings = field(default_factory=Settings)
    owner: Owner = field(default_factory=Owner)
    implicit: bool = False
    fallback: Backend | None = None

    @property
    def makes_regex(self) -> bool:
        """Tell whether it asks for regular expressions: by name, or by a rewrite that changes something."""
        return self.settings.use_regex or self.rewrites

    @property
    def rewrites(self) -> bool:
        """Tell whether rewrite-target has an effect."""
        return bool(self.settings.rewrite_target) and self.settings.rewrite_target != self.path


@dataclass(slots=True)
class Server:
    """One host with its locations; ``tls`` names the Secret of its certificate (``namespace/name``).

    What holds for the whole host comes from the oldest Ingress that sets it; ``owner`` is the host's oldest Ingress.
    """

    host: str
    default: Backend | None = None
    locations: list[Location] = field(default_factory=list)
    has_tls: bool = False
    tls: str = ""
    aliases: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    owner: Owner = field(default_factory=Owner)

    @property
    def is_regex(self) -> bool:
        """Tell whether any location makes all paths of the host regular expressions."""
        return any(location.makes_regex for location in self.locations)


@dataclass(slots=True)
class Policy:
    """What belongs to a Service port, whichever Ingress leads to it (measured on the real controller).

    ``settings`` are of the oldest Ingress that names it, ``affinity`` of the youngest that asks for cookies;
    ``sticky_paths`` are the (host, path) pairs whose answers may set the cookie. ``alternative`` is the canary.
    """

    backend: Backend
    settings: Settings
    is_canary: bool = False
    alternative: Backend | None = None
    affinity: Settings | None = None
    sticky_paths: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Model:
    """All hosts, the Service ports, and the Ingresses that are left out with the reason."""

    servers: dict[str, Server] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    default: Backend | None = None

    @property
    def backends(self) -> dict[str, Backend]:
        """Return every Service port that a request may be led to, by name."""
        return {backend.name: backend for backend in self._backends()}

    def _backends(self) -> Iterator[Backend]:
        for server in self.servers.values():
            for location in server.locations:
                yield from (entry for entry in (location.backend, location.fallback) if entry)
        yield from (policy.alternative for policy in self.policies.values() if policy.alternative)
        if self.default:
            yield self.default

    def policy(self, backend: Backend) -> Policy:
        """Return what belongs to a Service port."""
        return self.policies.get(backend.name) or Policy(backend, Settings())
