"""Redirects that the controller answers itself, before any app is asked."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace
from k8slab.routing.decision import redirects_to_https

_STATUSES = frozenset({"301", "302", "303", "307", "308"})


def redirect_findings(scene: Scene) -> Iterator[Finding]:
    """Yield the redirect that answers this request."""
    location = scene.location
    if location is None:
        return
    settings, owner = location.settings, location.owner
    command = in_namespace(f"kubectl describe ingress {owner.name}", owner.namespace)
    target = settings.temporal_redirect or settings.permanent_redirect
    if scene.server.settings.app_root and scene.path == "/":
        text = f"app-root sends / to {scene.server.settings.app_root} (302)."
        yield Finding("app-root-redirect", text, command, (f"Ingress {owner.path}: app-root",), _STATUSES)
    if target:
        kind = "temporal-redirect" if settings.temporal_redirect else "permanent-redirect"
        text = f"The annotation {kind} of Ingress {owner.path} sends every request to {target}."
        yield Finding("redirect-annotation", text, command, (f"{kind}: {target}",), _STATUSES)
    if scene.request.scheme == "http" and redirects_to_https(location, scene.server, scene.configuration):
        why = "the Ingress has a tls section" if scene.server.has_tls else "force-ssl-redirect is set"
        text = (
            f"http is redirected to https ({scene.configuration.redirect_code}), because {why}. Ask https, or set"
            " ssl-redirect: "
        )
        text += '"false".'
        yield Finding("forced-https-redirect", text, command, (f"Ingress {owner.path}: {why}",), _STATUSES)
