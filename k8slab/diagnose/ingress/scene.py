"""What stands around a request that meets the ingress controller: its options, its classes, its routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k8slab.diagnose.request import Request
from k8slab.kube.objects import Obj, dig
from k8slab.kube.resources import CONFIG_MAPS, INGRESS_CLASSES, INGRESSES, SERVICES
from k8slab.routing.building import Surroundings, build_model
from k8slab.routing.classes import CONTROLLER, Classes, classes_of
from k8slab.routing.configuration import Configuration, parse_configuration
from k8slab.routing.matching import Found, Head, find_location, find_server, heads, normalised
from k8slab.routing.model import Backend, Location, Model, Server
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import controller_pods


@dataclass(frozen=True, slots=True)
class Scene:
    """``path`` is the request's as nginx matches it; empty for one that nginx calls malformed."""

    snapshot: Snapshot
    request: Request
    controllers: tuple[Obj, ...]
    classes: Classes
    configuration: Configuration
    model: Model
    server: Server
    candidates: tuple[Head, ...]
    found: Found
    path: str

    @property
    def location(self) -> Location | None:
        """Return the path of the Ingress that takes the request; None for the built-in 404."""
        return self.found.head.location if self.found.head else None

    @property
    def ingress(self) -> Obj | None:
        """Return the Ingress that the location comes from."""
        location = self.location
        return self.snapshot.get(INGRESSES, location.owner.name, location.owner.namespace) if location else None


def build_scene(snapshot: Snapshot, request: Request) -> Scene:
    """Look up everything that decides about the request."""
    pods = controller_pods(snapshot)
    options = _options(pods)
    classes = classes_of(
        snapshot.list(INGRESS_CLASSES),
        options.get("controller-class", CONTROLLER),
        options.get("ingress-class", "nginx"),
        without_class=options.get("watch-ingress-without-class", "false") == "true",
    )
    around = Surroundings(default=_default(options), service=lambda path: snapshot.get(SERVICES, *_split(path)))
    model = build_model(snapshot.everywhere(INGRESSES), classes, around)
    server = find_server(model, request.server_name)
    candidates = tuple(heads(server))
    try:
        path = normalised(request.path)
    except ValueError:
        path = ""
    found = find_location(list(candidates), path) if path else Found(None)
    return Scene(
        snapshot,
        request,
        pods,
        classes,
        _configuration(snapshot, pods, options),
        model,
        server,
        candidates,
        found,
        path,
    )


def _options(pods: Sequence[Obj]) -> dict[str, str]:
    """Return the controller's command-line options."""
    found: dict[str, str] = {}
    for container in dig(pods[0], "spec", "containers", default=[]) if pods else ():
        for word in (*(container.get("command") or ()), *(container.get("args") or ())):
            name, sign, value = word.lstrip("-").partition("=")
            found[name] = value if sign else "true"
    return found


def _split(path: str) -> tuple[str, str]:
    namespace, _, name = path.partition("/")
    return name, namespace


def _default(options: dict[str, str]) -> Backend | None:
    namespace, _, name = options.get("default-backend-service", "").partition("/")
    return Backend(namespace, name, 80) if name else None


def _configuration(snapshot: Snapshot, pods: Sequence[Obj], options: dict[str, str]) -> Configuration:
    place = options.get("configmap", "")
    namespace, _, name = place.partition("/")
    if namespace.startswith("$(") and pods:
        namespace = str(dig(pods[0], "metadata", "namespace", default=""))
    found = snapshot.get(CONFIG_MAPS, name, namespace) if name else None
    return parse_configuration((found or {}).get("data") or {})
