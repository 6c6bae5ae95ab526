"""Canaries that get no requests, or all of them."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of
from k8slab.kube.resources import INGRESSES, SERVICES
from k8slab.routing.annotations import PREFIX, parse_annotations
from k8slab.routing.building import backend_of
from k8slab.routing.model import Location
from k8slab.routing.settings import Settings
from k8slab.snapshot.lookups import endpoints_of

_SEEN = frozenset({"ok"})


def canary_findings(scene: Scene) -> Iterator[Finding]:
    """Yield what is wrong with the canaries of the request's host."""
    location = scene.location
    if location is None:
        return
    for ingress in scene.snapshot.everywhere(INGRESSES):
        paths = [path for host, path in _paths(ingress) if host == scene.server.host]
        given = {key for key in annotations_of(ingress) if key.startswith(f"{PREFIX}canary")}
        if not paths or not given or not scene.classes.owns(ingress):
            continue
        yield from _one(scene, location, ingress, paths)


def _paths(ingress: Obj) -> Iterator[tuple[str, Obj]]:
    for rule in dig(ingress, "spec", "rules", default=[]):
        for path in dig(rule, "http", "paths", default=[]):
            yield str(rule.get("host") or "_").lower(), path


def _one(scene: Scene, location: Location, ingress: Obj, paths: list[Obj]) -> Iterator[Finding]:
    settings, name = parse_annotations(annotations_of(ingress)).settings, name_of(ingress)
    command = in_namespace(f"kubectl describe ingress {name}", namespace_of(ingress))
    if not settings.canary:
        text = f'Ingress {name} has canary settings without canary: "true": it counts as an ordinary Ingress.'
        yield Finding("canary-not-enabled", text, command, (f"Ingress {name}",), _SEEN, doubt=True)
        return
    same = [path for path in paths if (path.get("path") or "/") == location.path]
    if not same:
        text = f"The canary {name} has no path {location.path} as the main Ingress has: it gets no request."
        yield Finding("canary-path-mismatch", text, command, (f"Ingress {name}",), _SEEN, doubt=True)
    elif not any(_kind(path) == location.path_type for path in same):
        text = f"The canary {name} has another pathType than the main Ingress for {location.path}: it gets no request."
        yield Finding("canary-path-mismatch", text, command, (f"Ingress {name}",), _SEEN, doubt=True)
    elif not settings.canary_weight and not settings.canary_header and not settings.canary_cookie:
        text = f"The canary {name} has weight 0 and neither header nor cookie: it gets no request."
        yield Finding("canary-weight-zero", text, command, (f"Ingress {name} canary-weight: 0",), _SEEN, doubt=True)
    elif not _serves(scene, ingress, same):
        text = f"The Service of the canary {name} is missing or has no ready pod: all requests go to the main one."
        yield Finding("canary-without-endpoints", text, command, (f"Ingress {name}",), _SEEN, doubt=True)
    elif settings.canary_header and not settings.canary_weight and not _has_header(scene, settings):
        text = f"The canary {name} answers only requests with the header {settings.canary_header}; this one has none."
        yield Finding(
            "canary-header-absent", text, command, (f"canary-by-header: {settings.canary_header}",), _SEEN, doubt=True
        )


def _kind(path: Obj) -> str:
    return "Exact" if path.get("pathType") == "Exact" else "Prefix"


def _has_header(scene: Scene, settings: Settings) -> bool:
    return any(name.lower() == settings.canary_header.lower() for name in scene.request.headers)


def _serves(scene: Scene, ingress: Obj, paths: list[Obj]) -> bool:
    backend = backend_of(paths[0].get("backend"), namespace_of(ingress))
    service = scene.snapshot.get(SERVICES, backend.service, backend.namespace) if backend else None
    return service is not None and any(entry.ready for entry in endpoints_of(scene.snapshot, service))
