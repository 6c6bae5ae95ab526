"""From Ingress objects to routes.

Source: ing:internal/ingress/controller/controller.go of v1.15.1 (createUpstreams, createServers, getBackendServers,
mergeAlternativeBackends) and what was measured on the real controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of, uid_of
from k8slab.routing.annotations import parse_annotations
from k8slab.routing.classes import Classes
from k8slab.routing.model import CATCH_ALL, Backend, Location, Model, Owner, Policy, Server
from k8slab.routing.settings import Settings

_CLIENT_CERTIFICATES = ("tls_secret", "tls_verify_client", "tls_verify_depth", "tls_match_cn", "tls_error_page",
                        "tls_pass_certificate")  # fmt: skip
# Takes ``namespace/service``; returns the Service, or None.
ServiceLookup = Callable[[str], Obj | None]
# Takes an Ingress's namespace and settings; returns them with ``denied`` set when what they name is missing or wrong.
Review = Callable[[str, Settings], Settings]
# Takes a Secret's ``namespace/name`` and a host; tells whether its certificate is valid for the host.
CertificateCheck = Callable[[str, str], bool]


def _unreviewed(_namespace: str, settings: Settings) -> Settings:
    return settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is known of the cluster; without it, Services and Secrets are taken as given."""

    default: Backend | None = None
    service: ServiceLookup = lambda _path: None
    review: Review = _unreviewed
    certificate: CertificateCheck = lambda _path, _host: False
    snippets: bool = False
    # Returns a number that grows from Ingress to Ingress (by uid) where more is known of their age than its second.
    seen: Callable[[str], int] = lambda _uid: 0


@dataclass(frozen=True, slots=True)
class _Entry:
    ingress: Obj
    owner: Owner
    settings: Settings

    @property
    def namespace(self) -> str:
        return self.owner.namespace

    @property
    def default(self) -> Backend | None:
        return backend_of(dig(self.ingress, "spec", "defaultBackend"), self.namespace)

    def rules(self) -> Iterator[tuple[str, list[Obj]]]:
        for rule in dig(self.ingress, "spec", "rules", default=[]):
            yield rule.get("host") or CATCH_ALL, dig(rule, "http", "paths", default=[])


def build_model(ingresses: Iterable[Obj], classes: Classes, around: Surroundings | None = None) -> Model:
    """Return the routes of our Ingresses; the oldest comes first and wins."""
    around = around or Surroundings()
    model = Model({CATCH_ALL: Server(CATCH_ALL, default=around.default)}, default=around.default)
    entries = list(_entries(model, ingresses, classes, around))
    plain = [entry for entry in entries if not entry.settings.canary]
    _add_policies(model, entries)
    for entry in plain:
        _add_servers(model, entry)
    for entry in plain:
        _add_names(model, entry)
        _add_tls(model, entry, around)
        _add_locations(model, entry, around)
    _complete(model)
    _add_canaries(model, [entry for entry in entries if entry.settings.canary])
    return model


def _entries(model: Model, ingresses: Iterable[Obj], classes: Classes, around: Surroundings) -> Iterator[_Entry]:
    owned = [entry for entry in ingresses if classes.owns(entry)]
    for ingress in sorted(owned, key=lambda entry: _age(entry, around)):
        owner = Owner(namespace_of(ingress), name_of(ingress), uid_of(ingress))
        parsed = parse_annotations(annotations_of(ingress))
        if parsed.refused:
            model.skipped[owner.path] = parsed.refused
            continue
        yield _Entry(ingress, owner, around.review(owner.namespace, _allowed(parsed.settings, around)))


def _allowed(settings: Settings, around: Surroundings) -> Settings:
    """Return the settings without the snippets that the administrator does not allow."""
    if around.snippets:
        return settings
    return replace(settings, configuration_snippet="", server_snippet="", auth_snippet="")


def _age(ingress: Obj, around: Surroundings) -> tuple[str, int, tuple[int, ...]]:
    # Of two that are equally old, the one whose name is later in the alphabet comes first.
    key = f"{namespace_of(ingress)}/{name_of(ingress)}"
    made = str(dig(ingress, "metadata", "creationTimestamp", default=""))
    return made, around.seen(uid_of(ingress)), tuple(-ord(sign) for sign in key)


def backend_of(entry: Obj | None, namespace: str) -> Backend | None:
    """Return the Service port that a backend of an Ingress names; None for resources."""
    service = (entry or {}).get("service")
    if not service:
        return None
    port = service.get("port") or {}
    return Backend(namespace, str(service.get("name", "")), port.get("number") or port.get("name") or 0)


def _paths(entry: _Entry) -> Iterator[tuple[str, str, str, Backend | None]]:
    """Yield host, path, type and backend; ImplementationSpecific is Prefix."""
    for host, paths in entry.rules():
        for path in paths:
            kind = "Exact" if path.get("pathType") == "Exact" else "Prefix"
            yield host, path.get("path") or "/", kind, backend_of(path.get("backend"), entry.namespace)


def _add_policies(model: Model, entries: list[_Entry]) -> None:
    for entry in entries:
        named = [backend for *_, backend in _paths(entry)]
        for backend in (entry.default, *named):
            if backend is not None and backend.name not in model.policies:
                model.policies[backend.name] = Policy(backend, entry.settings, is_canary=entry.settings.canary)
    if model.default is not None:
        model.policies.setdefault(model.default.name, Policy(model.default, Settings()))


def _add_servers(model: Model, entry: _Entry) -> None:
    rules = list(entry.rules())
    catch_all = model.servers[CATCH_ALL]
    if not rules and entry.default is not None and not catch_all.owner.name:
        catch_all.default, catch_all.owner = entry.default, entry.owner
        # Redirects and rewrites do not hold for every host that nobody names.
        catch_all.settings = replace(
            entry.settings, permanent_redirect="", temporal_redirect="", rewrite_target="", app_root="", use_regex=False
        )
    for host, _ in rules:
        if host not in model.servers:
            default = entry.default or model.default
            model.servers[host] = Server(host, default, settings=entry.settings, owner=entry.owner)


def _add_names(model: Model, entry: _Entry) -> None:
    for host in dict.fromkeys(host for host, _ in entry.rules()):
        server = model.servers[host]
        _add_server_settings(server, entry.settings)
        if not entry.settings.aliases:
            continue
        taken = {name for other in model.servers.values() for name in (other.host, *other.aliases)}
        fresh = tuple(name for name in entry.settings.aliases if name not in taken)
        server.aliases = tuple(sorted((*server.aliases, *fresh)))


def _add_server_settings(server: Server, settings: Settings) -> None:
    """Take what holds for the whole host, unless an older Ingress set it."""
    have = server.settings
    taken: dict[str, Any] = {}
    if not have.server_snippet:
        taken["server_snippet"] = settings.server_snippet
    if not have.ssl_ciphers:
        taken |= {name: getattr(settings, name) for name in ("ssl_ciphers", "ssl_prefer_server_ciphers")}
    if not have.tls_secret:
        taken |= {name: getattr(settings, name) for name in _CLIENT_CERTIFICATES}
    server.settings = replace(have, **taken)


def _add_tls(model: Model, entry: _Entry, around: Surroundings) -> None:
    sections = dig(entry.ingress, "spec", "tls", default=[])
    # Every host of an Ingress with a tls section redirects, listed there or not (measured on the real controller).
    for host in dict.fromkeys(host for host, _ in entry.rules()) if sections else ():
        server = model.servers[host]
        if server.has_tls:
            continue
        server.has_tls = True
        listed = [section for section in sections if host in (section.get("hosts") or [])]
        if listed:
            secret = listed[0].get("secretName")
        else:
            given = (section.get("secretName") for section in sections)
            secret = next(
                (name for name in given if name and around.certificate(f"{entry.namespace}/{name}", host)), ""
            )
        server.tls = f"{entry.namespace}/{secret}" if secret else ""


def _add_locations(model: Model, entry: _Entry, around: Surroundings) -> None:
    fallback = _fallback(entry, around)
    for host, path, kind, backend in _paths(entry):
        server = model.servers[host]
        if backend is None or model.policies[backend.name].is_canary:
            continue
        if not any((known.path, known.path_type) == (path, kind) for known in server.locations):
            server.locations.append(Location(path, kind, backend, entry.settings, entry.owner, fallback=fallback))
        if entry.settings.affinity == "cookie":
            policy = model.policies[backend.name]
            policy.affinity = entry.settings
            policy.sticky_paths += [(name, path) for name in (host, *server.aliases)]


def _fallback(entry: _Entry, around: Surroundings) -> Backend | None:
    """Return the Service of the annotation default-backend: its first port."""
    name = entry.settings.default_backend
    service = around.service(f"{entry.namespace}/{name}") if name else None
    ports = dig(service, "spec", "ports", default=[]) if service else []
    return Backend(entry.namespace, name, ports[0]["port"]) if ports else None


def _complete(model: Model) -> None:
    """Add the location ``/`` that every host has; it inherits the settings of the host's oldest Ingress."""
    for server in model.servers.values():
        if not any((known.path, known.path_type) == ("/", "Prefix") for known in server.locations):
            settings, owner = server.settings, server.owner
            server.locations.append(Location("/", "Prefix", server.default, settings, owner, implicit=True))
        if server.default and server.default.name not in model.policies:
            model.policies[server.default.name] = Policy(server.default, Settings())


def _add_canaries(model: Model, entries: list[_Entry]) -> None:
    gone: set[str] = set()
    for entry in entries:
        for host, path, kind, backend in _paths(entry):
            if backend is None or backend.name in gone or host not in model.servers:
                continue
            mains = [
                model.policies[known.backend.name]
                for known in model.servers[host].locations
                if known.backend and not known.implicit and (known.path, known.path_type) == (path, kind)
            ]
            if any(main.backend == backend for main in mains):
                continue
            merged = [_merged(main, model.policies[backend.name], entry.settings) for main in mains]
            if not any(merged):
                gone.add(backend.name)
    # A path of a canary that no main path matches takes its Service away everywhere (measured).
    for policy in model.policies.values():
        if policy.alternative is not None and policy.alternative.name in gone:
            policy.alternative = None


def _merged(main: Policy, canary: Policy, settings: Settings) -> bool:
    if main.is_canary:
        return False
    if settings.affinity_canary != "legacy" and main.affinity is not None:
        canary.affinity, canary.sticky_paths = main.affinity, main.sticky_paths
    # Only the first alternative of a Service is ever asked.
    main.alternative = main.alternative or canary.backend
    return True
