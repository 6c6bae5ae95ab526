"""From objects to routes: which host and path leads to which Service (pure; knows nothing of nginx's language).

Source: ing:internal/ingress/controller/controller.go (createServers, getBackendServers) of v1.15.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from k8slab.emulator.ingress.annotations import Settings, parse_annotations
from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of, uid_of

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


@dataclass(frozen=True, slots=True)
class Location:
    """One path of a host. ``backend`` is None for the built-in 404."""

    path: str
    path_type: str
    backend: Backend | None
    settings: Settings = field(default_factory=Settings)
    owner: Owner = field(default_factory=Owner)


@dataclass(slots=True)
class Server:
    """One host with its locations; ``tls`` names the Secret of its certificate (``namespace/name``)."""

    host: str
    default: Backend | None = None
    locations: list[Location] = field(default_factory=list)
    has_tls: bool = False
    tls: str = ""
    settings: Settings = field(default_factory=Settings)
    owner: Owner = field(default_factory=Owner)

    @property
    def is_regex(self) -> bool:
        """Tell whether any location makes all paths of the host regular expressions."""
        return any(makes_regex(location) for location in self.locations)


def makes_regex(location: Location) -> bool:
    """Tell whether a location asks for regular expressions: by name, or by a rewrite that changes something."""
    target = location.settings.rewrite_target
    return location.settings.use_regex or (bool(target) and target != location.path)


@dataclass(slots=True)
class Model:
    """All hosts, and the Ingresses that are left out with the reason."""

    servers: dict[str, Server] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def backends(self) -> set[Backend]:
        """Return every Service port that a location leads to."""
        return {
            location.backend for server in self.servers.values() for location in server.locations if location.backend
        }


@dataclass(frozen=True, slots=True)
class Classes:
    """Which Ingresses are ours: the IngressClasses of our controller, and the annotation's value."""

    names: frozenset[str]
    annotation: str = "nginx"
    without_class: bool = False

    def owns(self, ingress: Obj) -> bool:
        """Tell whether an Ingress is for this controller (ing:…/store/store.go GetIngressClass)."""
        wanted = dig(ingress, "spec", "ingressClassName")
        given = annotations_of(ingress).get("kubernetes.io/ingress.class")
        if wanted is not None:
            return wanted in self.names
        if given is not None:
            return given == self.annotation
        return self.without_class


def classes_of(classes: Iterable[Obj], controller: str, annotation: str, *, without_class: bool) -> Classes:
    """Return what belongs to the controller of that name (``k8s.io/ingress-nginx``)."""
    ours = frozenset(name_of(entry) for entry in classes if dig(entry, "spec", "controller") == controller)
    return Classes(ours, annotation, without_class)


def build_model(ingresses: Iterable[Obj], classes: Classes, *, default: Backend | None = None) -> Model:
    """Return the routes of our Ingresses; the oldest comes first and wins."""
    model = Model({CATCH_ALL: Server(CATCH_ALL, default=default)})
    for ingress in sorted((entry for entry in ingresses if classes.owns(entry)), key=_age):
        parsed = parse_annotations(annotations_of(ingress))
        if parsed.refused:
            model.skipped[f"{namespace_of(ingress)}/{name_of(ingress)}"] = parsed.refused
            continue
        _add(model, ingress, parsed.settings)
    for server in model.servers.values():
        _complete(server)
    return model


def _age(ingress: Obj) -> tuple[str, tuple[int, ...]]:
    # Of two that are equally old, the one whose name is later in the alphabet comes first.
    key = f"{namespace_of(ingress)}/{name_of(ingress)}"
    return str(dig(ingress, "metadata", "creationTimestamp", default="")), tuple(-ord(sign) for sign in key)


def _add(model: Model, ingress: Obj, settings: Settings) -> None:
    spec = ingress.get("spec") or {}
    owner = Owner(namespace_of(ingress), name_of(ingress), uid_of(ingress))
    default = _backend(spec.get("defaultBackend"), owner.namespace)
    rules = spec.get("rules") or []
    if not rules and default is not None and model.servers[CATCH_ALL].owner == Owner():
        catch_all = model.servers[CATCH_ALL]
        catch_all.default, catch_all.owner, catch_all.settings = default, owner, settings
    for rule in rules:
        server = _server(model, rule.get("host") or CATCH_ALL, default, owner, settings)
        for path in dig(rule, "http", "paths", default=[]):
            _add_path(server, path, owner, settings)
    _add_tls(model, ingress, rules)


def _server(model: Model, host: str, default: Backend | None, owner: Owner, settings: Settings) -> Server:
    found = model.servers.get(host)
    if found is None:
        found = model.servers[host] = Server(host, default or model.servers[CATCH_ALL].default)
    if found.owner == Owner():
        found.owner, found.settings = owner, settings
        if default is not None:
            found.default = default
    return found


def _add_path(server: Server, path: Obj, owner: Owner, settings: Settings) -> None:
    text, kind = path.get("path") or "/", path.get("pathType") or "Prefix"
    kind = "Exact" if kind == "Exact" else "Prefix"
    if any((known.path, known.path_type) == (text, kind) for known in server.locations):
        return
    backend = _backend(path.get("backend"), owner.namespace)
    server.locations.append(Location(text, kind, backend, settings, owner))


def _backend(entry: Obj | None, namespace: str) -> Backend | None:
    service = (entry or {}).get("service")
    if not service:
        return None
    port = service.get("port") or {}
    return Backend(namespace, str(service.get("name", "")), port.get("number") or port.get("name") or 0)


def _add_tls(model: Model, ingress: Obj, rules: Sequence[Obj]) -> None:
    entries = dig(ingress, "spec", "tls", default=[])
    if not entries:
        return
    # Every host of an Ingress with a tls section redirects, listed there or not (measured on the real controller).
    for rule in rules:
        server = model.servers[rule.get("host") or CATCH_ALL]
        server.has_tls = True
        listed = [entry for entry in entries if server.host in (entry.get("hosts") or [])]
        secret = next((entry.get("secretName") for entry in listed or entries if entry.get("secretName")), None)
        if secret and not server.tls:
            server.tls = f"{namespace_of(ingress)}/{secret}"


def _complete(server: Server) -> None:
    """Add the location ``/`` that every host has; it inherits the settings of the host's oldest Ingress."""
    if any(location.path == "/" and location.path_type == "Prefix" for location in server.locations):
        return
    settings = server.settings
    if server.host == CATCH_ALL:
        settings = Settings()
    server.locations.append(Location("/", "Prefix", server.default, settings, server.owner))


def port_endpoints(backend: Backend, service: Obj | None, slices: Iterable[Obj]) -> list[tuple[str, int]]:
    """Return the ready ``(address, port)`` pairs behind a backend."""
    if service is None:
        return []
    ports = dig(service, "spec", "ports", default=[])
    entry = next((port for port in ports if backend.port in (port.get("port"), port.get("name"))), None)
    if entry is None:
        return []
    return sorted({pair for found in slices for pair in _of_slice(found, entry)})


def _of_slice(found: Obj, entry: Obj) -> Iterable[tuple[str, int]]:
    numbers = [port["port"] for port in found.get("ports") or []
               if (port.get("name") or "") == (entry.get("name") or "") and port.get("port")]  # fmt: skip
    for endpoint in found.get("endpoints") or []:
        if dig(endpoint, "conditions", "ready", default=True):
            yield from ((address, number) for address in endpoint.get("addresses") or [] for number in numbers)


def by_service(slices: Iterable[Obj]) -> Mapping[tuple[str, str], list[Obj]]:
    """Return EndpointSlices by namespace and Service."""
    found: dict[tuple[str, str], list[Obj]] = {}
    for entry in slices:
        labels = dig(entry, "metadata", "labels", default={})
        found.setdefault((namespace_of(entry), str(labels.get("kubernetes.io/service-name", ""))), []).append(entry)
    return found
