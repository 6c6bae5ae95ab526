"""What happens to one request: server, path, rule, rewrite, Service, endpoints, and why the other paths lose.

The order is nginx's own: app-root, the slash that nginx adds, redirects of annotations, the redirect to https, a denied
location, a Service without endpoints, then the way to the application. Limits, addresses and credentials come after
that and are not decided here: they depend on who asks and how often.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from k8slab.routing.canary import Chance, chance
from k8slab.routing.configuration import Configuration
from k8slab.routing.endpoints import Endpoints
from k8slab.routing.matching import Found, Head, find_location, find_server, heads, host_name, normalised
from k8slab.routing.model import CATCH_ALL, Backend, Location, Model, Server
from k8slab.routing.rewriting import Rewritten, escaped, rewrite

# Returns the ready endpoints of a Service port.
EndpointLookup = Callable[[Backend], Endpoints]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the client sends it: ``host`` is the Host header, ``target`` the path with its query."""

    host: str
    target: str = "/"
    method: str = "GET"
    scheme: str = "http"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies of the request."""
        pairs = (part.partition("=") for part in self.header("cookie").split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}

    def header(self, name: str) -> str:
        """Return a header; an empty text when it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One path of the server, and why it was taken or not."""

    head: Head
    taken: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a request meets.

    ``status`` is what nginx itself answers (0: the application answers), with ``redirect`` as Location. ``backend`` is
    the Service port (None: the built-in 404), ``endpoints`` its addresses, ``path`` the request target that the
    application sees, ``canary`` the chance of the alternative Service. ``steps`` tell in words what was decided.
    """

    server: Server
    location: Location | None
    verdicts: Sequence[Verdict]
    steps: Sequence[str]
    status: int = 0
    redirect: str = ""
    path: str = ""
    backend: Backend | None = None
    endpoints: Endpoints = field(default_factory=list)
    canary: tuple[Backend, Chance] | None = None
    rewritten: Rewritten | None = None


def decide(model: Model, configuration: Configuration, request: Request, endpoints: EndpointLookup) -> Decision:
    """Return what happens to a request."""
    www = _www(model, request)
    if www is not None:
        return www
    server = find_server(model, request.host)
    steps = [_server_step(server, request.host)]
    try:
        path = normalised(request.target)
    except ValueError:
        return Decision(server, None, (), [*steps, "the path is malformed"], status=400)
    root = next((entry.settings.app_root for entry in server.locations if entry.settings.app_root), "")
    if root and path == "/":
        step = f"app-root sends / to {root}"
        return Decision(server, None, (), [*steps, step], 302, f"{request.scheme}://{request.host}{root}")
    candidates = list(heads(server))
    found = find_location(candidates, path)
    verdicts = [_verdict(head, found, path) for head in candidates]
    if found.head is None:
        return Decision(server, None, verdicts, [*steps, "no path matches"], status=404)
    return _Way(model, configuration, request, server, found, path).decide(verdicts, steps, endpoints)


def _www(model: Model, request: Request) -> Decision | None:
    """Return the redirect between a host and its ``www.`` twin."""
    name = host_name(request.host)
    twin = name.removeprefix("www.") if name.startswith("www.") else f"www.{name}"
    server = model.servers.get(twin)
    if name in model.servers or server is None or not any(entry.settings.from_to_www for entry in server.locations):
        return None
    port = 443 if request.scheme == "https" else 80
    to = f"{request.scheme}://{twin}:{port}{without_slash(request.target)}"
    return Decision(server, None, (), [f"from-to-www-redirect sends {name} to {twin}"], status=308, redirect=to)


def without_slash(target: str) -> str:
    """Return a request target without one slash at its end."""
    return target.removesuffix("/")


def _server_step(server: Server, host: str) -> str:
    name = host_name(host)
    if server.host == CATCH_ALL:
        return f"no rule has host {name or '(none)'}: the rules without a host are asked"
    if server.host == name:
        return f"host {name} has rules of its own"
    how = "an alias of" if name in server.aliases else "matched by"
    return f"host {name} is {how} {server.host}"


def _verdict(head: Head, found: Found, path: str) -> Verdict:
    if head is found.head:
        return Verdict(head, taken=True, reason="redirected to the path with a slash" if found.redirect else "taken")
    if not head.matches(path):
        how = {"exact": "is not equal to", "prefix": "does not begin", "regex": "does not match"}[head.kind]
        return Verdict(head, taken=False, reason=f"{head.text} {how} {path}")
    winner = found.head
    if winner is not None and winner.kind == "regex":
        reason = "a path before it matches: regular expressions are tried in descending order of their text"
    elif winner is not None and winner.kind == "exact":
        reason = "the exact path wins"
    else:
        reason = "a longer path matches"
    return Verdict(head, taken=False, reason=reason)


@dataclass(frozen=True, slots=True)
class _Way:
    model: Model
    configuration: Configuration
    request: Request
    server: Server
    found: Found
    path: str

    @property
    def location(self) -> Location:
        if self.found.head is None:
            raise ValueError("there is no location")
        return self.found.head.location

    def decide(self, verdicts: list[Verdict], steps: list[str], endpoints: EndpointLookup) -> Decision:
        told = [*steps, _location_step(self.location)]
        stop = self._redirect()
        if stop is not None:
            status, where, why = stop
            return Decision(self.server, self.location, verdicts, [*told, why], status, where)
        if self.location.backend is None:
            step = "there is no Service: the default backend answers 404"
            return Decision(self.server, self.location, verdicts, [*told, step], status=404)
        return self._proxied(verdicts, told, endpoints, self.location.backend)

    def _redirect(self) -> tuple[int, str, str] | None:
        settings, request = self.location.settings, self.request
        if self.found.redirect:
            query = request.target.partition("?")[2]
            where = f"{request.scheme}://{host_name(request.host)}{escaped(self.path)}/" + (
                f"?{query}" if query else ""
            )
            return 301, where, "nginx adds the slash that the path of the rule has"
        if settings.temporal_redirect:
            return settings.temporal_redirect_code, settings.temporal_redirect, "temporal-redirect"
        if settings.permanent_redirect:
            return settings.permanent_redirect_code, settings.permanent_redirect, "permanent-redirect"
        if request.scheme == "http" and redirects_to_https(self.location, self.server, self.configuration):
            keep = settings.preserve_trailing_slash or self.configuration.preserve_trailing_slash
            target = request.target if keep else without_slash(request.target)
            where = f"https://{re.sub(r':[0-9]+$', '', request.host) or CATCH_ALL}{target}"
            return self.configuration.redirect_code, where, "the host has TLS: http is redirected to https"
        if settings.denied:
            return 503, "", f"the location is denied: {settings.denied}"
        return None

    def _proxied(
        self, verdicts: list[Verdict], told: list[str], endpoints: EndpointLookup, backend: Backend
    ) -> Decision:
        found = endpoints(backend)
        if not found and self.location.fallback is not None and endpoints(self.location.fallback):
            told = [*told, f"Service {backend.service} has no endpoints: default-backend answers"]
            backend = self.location.fallback
            found = endpoints(backend)
        elif not found:
            step = f"Service {backend.service} has no ready endpoints for port {backend.port}"
            return Decision(self.server, self.location, verdicts, [*told, step], status=503, backend=backend)
        canary = self._canary(backend, endpoints)
        path, rewritten = self.request.target, None
        if self.location.rewrites:
            rewritten = rewrite(self.location.path, self.location.settings.rewrite_target, self.path)
            if rewritten.redirect:
                step = "an absolute rewrite-target redirects"
                return Decision(self.server, self.location, verdicts, [*told, step], 302, rewritten.redirect)
            if not rewritten.path:
                step = "the rewritten path is empty"
                return Decision(self.server, self.location, verdicts, [*told, step], 500, rewritten=rewritten)
            query = self.request.target.partition("?")[2]
            path = escaped(rewritten.path) + (f"?{query}" if query else "") if rewritten.changed else path
            told = [
                *told,
                f"rewrite-target {self.location.settings.rewrite_target} makes {path} of {self.request.target}",
            ]
        step = f"Service {backend.namespace}/{backend.service} port {backend.port} has {len(found)} ready endpoint(s)"
        return Decision(
            self.server, self.location, verdicts, [*told, step], path=path, backend=backend, endpoints=found,
            canary=canary, rewritten=rewritten,
        )  # fmt: skip

    def _canary(self, backend: Backend, endpoints: EndpointLookup) -> tuple[Backend, Chance] | None:
        other = self.model.policy(backend).alternative
        if other is None or not endpoints(other):
            return None
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        return other, chance(self.model.policy(other).settings, headers, self.request.cookies)


def _location_step(location: Location) -> str:
    if location.implicit:
        return "no rule's path matches: the path / that every host has is taken"
    return f"path {location.path} ({location.path_type}) of Ingress {location.owner.path}"


def redirects_to_https(location: Location, server: Server, configuration: Configuration) -> bool:
    """Tell whether http requests to a location are redirected to https."""
    settings = location.settings
    if server.host == CATCH_ALL and location.backend is None:
        return False
    if location.path in configuration.no_tls_redirect_locations:
        return False
    forced = configuration.force_ssl_redirect or settings.force_ssl_redirect
    wanted = configuration.ssl_redirect if settings.ssl_redirect is None else settings.ssl_redirect
    return bool(forced) or (wanted and server.has_tls)
