"""Which rules of a host a request met, which one took it, and why the others lost."""

from __future__ import annotations

from k8slab.diagnose.ingress.scene import build_scene
from k8slab.diagnose.request import Request
from k8slab.kube.resources import ENDPOINT_SLICES, SERVICES
from k8slab.routing.decision import Decision, decide
from k8slab.routing.decision import Request as Sent
from k8slab.routing.endpoints import Endpoints, port_endpoints
from k8slab.routing.model import Backend
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import SERVICE_NAME_LABEL


def decided(snapshot: Snapshot, request: Request) -> Decision:
    """Return what the declared Ingresses do with the request."""
    scene = build_scene(snapshot, request)
    target = request.path + (f"?{request.query}" if request.query else "")
    sent = Sent(request.server_name, target, request.method, request.scheme, request.headers)
    return decide(scene.model, scene.configuration, sent, lambda backend: _endpoints(snapshot, backend))


def _endpoints(snapshot: Snapshot, backend: Backend) -> Endpoints:
    slices = [
        entry
        for entry in snapshot.list(ENDPOINT_SLICES, backend.namespace)
        if entry["metadata"].get("labels", {}).get(SERVICE_NAME_LABEL) == backend.service
    ]
    return port_endpoints(backend, snapshot.get(SERVICES, backend.service, backend.namespace), slices)


def rules_text(decision: Decision) -> tuple[tuple[str, str], ...]:
    """Return each path of the host with why it was taken or not, in the order of the configuration."""
    return tuple(
        (
            f"{verdict.head.text} ({verdict.head.kind}, "
            + ("of every host" if verdict.head.location.implicit else f"Ingress {verdict.head.location.owner.path}")
            + ")",
            verdict.reason,
        )
        for verdict in decision.verdicts
    )
