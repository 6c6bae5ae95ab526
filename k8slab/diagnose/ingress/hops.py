"""One request through the ingress controller, in the order in which nginx decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from k8slab.diagnose.backends import port_of, ports_text
from k8slab.diagnose.findings import Evidence, Finding, Hop
from k8slab.diagnose.ingress.access import access_findings
from k8slab.diagnose.ingress.annotations import annotation_findings
from k8slab.diagnose.ingress.canaries import canary_findings
from k8slab.diagnose.ingress.controller import controller_findings
from k8slab.diagnose.ingress.hosts import host_findings
from k8slab.diagnose.ingress.paths import path_findings
from k8slab.diagnose.ingress.redirects import redirect_findings
from k8slab.diagnose.ingress.rewrites import rewrite_findings, upstream_path
from k8slab.diagnose.ingress.scene import Scene, build_scene
from k8slab.diagnose.ingress.tls import tls_findings
from k8slab.diagnose.request import Request
from k8slab.diagnose.words import in_namespace, listed, near
from k8slab.kube.objects import Obj, dig, name_of
from k8slab.kube.resources import SERVICES
from k8slab.routing.model import CATCH_ALL, Backend
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import doors

# The hops behind a Service: takes snapshot, request, evidence, Service, port, the pod that sends, and the path.
BackendHops = Callable[[Snapshot, Request, Evidence, Obj, Obj | None, Obj | None, str], Iterator[Hop]]


def ingress_hops(snapshot: Snapshot, request: Request, evidence: Evidence, behind: BackendHops) -> Iterator[Hop]:
    """Yield the hops from the controller's door to the app."""
    scene = build_scene(snapshot, request)
    yield Hop("ingress controller", _controllers(scene), findings=tuple(controller_findings(scene, evidence)))
    yield Hop("host", _host(scene), findings=tuple(host_findings(scene, evidence)))
    yield Hop("path", _path(scene), findings=(*path_findings(scene), *annotation_findings(scene)))
    yield Hop("redirect and TLS", _tls(scene), findings=(*redirect_findings(scene), *tls_findings(scene)))
    location = scene.location
    if location is None or location.backend is None:
        return
    upstream = upstream_path(scene)
    yield Hop("rewrite", _rewrite(scene, upstream), findings=tuple(rewrite_findings(scene)))
    yield Hop("access and limits", _access(scene), findings=tuple(access_findings(scene, evidence)))
    backend = location.backend
    service = snapshot.get(SERVICES, backend.service, backend.namespace)
    port = _backend_port(service, backend) if service else None
    found = (*_backend_findings(scene, backend, service, port), *canary_findings(scene))
    yield Hop("backend", f"Service {backend.namespace}/{backend.service} port {backend.port}", findings=found)
    if service is not None:
        sender = scene.controllers[0] if scene.controllers else None
        yield from behind(snapshot, request, evidence, service, port, sender, upstream)


def _backend_port(service: Obj, backend: Backend) -> Obj | None:
    """Return the Service's port that the controller takes: by number or name, else (which surprises) by target port."""
    by_target = (
        entry for entry in dig(service, "spec", "ports", default=[]) if entry.get("targetPort") == backend.port
    )
    return port_of(service, backend.port) or next(by_target, None)


def _controllers(scene: Scene) -> str:
    names = [f"pod {name_of(pod)}" for pod in scene.controllers]
    ways = {f"{door.by} {door.port}" for door in doors(scene.snapshot, scene.request.scheme)}
    return listed(names, empty="no pod of ingress-nginx") + (f", reached by {listed(sorted(ways))}" if ways else "")


def _host(scene: Scene) -> str:
    if scene.server.host == CATCH_ALL:
        return f"{scene.request.server_name} has no rule of its own: the rules without host, then the default backend"
    mode = "; all its paths are regular expressions" if scene.server.is_regex else ""
    return f"{scene.request.server_name} is served by the rules for {scene.server.host}{mode}"


def _path(scene: Scene) -> str:
    head = scene.found.head
    if head is None:
        return f"{scene.request.path} is no path that nginx takes"
    if head.location.implicit:
        return f"{scene.path} matches no rule: the default backend"
    how = {"exact": "exactly", "prefix": "by prefix", "regex": "by regular expression"}[head.kind]
    lost = [
        other.text
        for other in scene.candidates
        if other is not head and other.matches(scene.path) and not other.location.implicit
    ]
    more = f"; also fitting, but later in order: {listed(lost)}" if lost else ""
    return f"{scene.path} matches {head.text} {how} (Ingress {head.location.owner.path}){more}"


def _tls(scene: Scene) -> str:
    secret = scene.server.tls or "the controller's own (fake) certificate"
    return f"https with {secret}" if scene.request.scheme == "https" else "http"


def _rewrite(scene: Scene, upstream: str) -> str:
    location = scene.location
    if location is None or not location.rewrites:
        return f"none: the app is asked for {scene.request.path}"
    return f'rewrite "(?i){location.path}" "{location.settings.rewrite_target}": the app is asked for {upstream}'


def _access(scene: Scene) -> str:
    settings = scene.location.settings if scene.location else None
    if settings is None:
        return "none"
    shown = [
        f"limit-rps {settings.limit_rps}" if settings.limit_rps else "",
        f"limit-rpm {settings.limit_rpm}" if settings.limit_rpm else "",
        f"limit-connections {settings.limit_connections}" if settings.limit_connections else "",
        f"{settings.auth_type} auth" if settings.auth_type else "",
        "auth-url" if settings.auth_url else "",
        f"only from {listed(settings.allowlist)}" if settings.allowlist else "",
        f"not from {listed(settings.denylist)}" if settings.denylist else "",
    ]
    return listed([entry for entry in shown if entry], empty="no limit, no login")


def _backend_findings(scene: Scene, backend: Backend, service: Obj | None, port: Obj | None) -> Iterator[Finding]:
    location = scene.location
    ingress = location.owner.name if location else ""
    where, shown = backend.namespace, f"Ingress {ingress} backend: Service {backend.service} port {backend.port}"
    if service is None:
        here = [name_of(entry) for entry in scene.snapshot.list(SERVICES, where)]
        other = next(
            (
                entry["metadata"]["namespace"]
                for entry in scene.snapshot.everywhere(SERVICES)
                if name_of(entry) == backend.service
            ),
            "",
        )
        like = near(backend.service, here)
        hint = f" There is one called {like}." if like else ""
        cause = "backend-service-missing"
        if other and not like:
            cause = "backend-in-another-namespace"
            hint = f" It exists in namespace {other}; an Ingress reaches only Services of its own namespace."
        yield Finding(
            cause,
            f"Ingress {ingress} sends to Service {backend.service}, which does not exist in namespace {where}.{hint}",
            in_namespace("kubectl get services", where),
            (shown,),
            frozenset({"503"}),
        )
    elif port is None and service["spec"].get("type") != "ExternalName":
        yield Finding(
            "backend-port-unknown",
            f"Ingress {ingress} sends to port {backend.port} of Service {backend.service}, which has no such port: "
            "it has "
            f"{ports_text(service)}.",
            in_namespace(f"kubectl describe ingress {ingress}", where),
            (shown, f"Service {backend.service}: {ports_text(service)}"),
            frozenset({"503", "502"}),
        )
