"""Annotations that mean nothing to the controller: misspelt, or of another controller."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Finding
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace, near
from k8slab.kube.objects import annotations_of, name_of, namespace_of
from k8slab.routing.annotations import PREFIX
from k8slab.routing.table import NOT_SERVED, SERVED

# Prefixes that look like ours: other controllers', old ones, and slips of the pen.
_FOREIGN = ("ingress.kubernetes.io/", "nginx.org/", "nginx.com/", "nginx.kubernetes.io/", "nginx.ingress.kubernetes/")
_SEEN = frozenset({"ok", "301", "302", "308", "400", "401", "403", "404", "413", "500", "502", "503", "504", "tls"})


def annotation_findings(scene: Scene) -> Iterator[Finding]:
    """Yield annotations of the request's Ingress that have no effect because of their name."""
    ingress = scene.ingress
    if ingress is None:
        return
    name, where = name_of(ingress), namespace_of(ingress)
    known = {*SERVED, *NOT_SERVED}
    for key, value in sorted(annotations_of(ingress).items()):
        meant = _meant(key, known)
        if meant:
            yield Finding(
                "annotation-misspelt",
                f"The annotation {key} of Ingress {name} means nothing to ingress-nginx; did you mean {PREFIX}{meant}?",
                in_namespace(f"kubectl annotate ingress {name} {key}- {PREFIX}{meant}='{value}'", where),
                (f"Ingress {where}/{name} metadata.annotations: {key}: {value}",),
                _SEEN,
                doubt=True,
            )


def _meant(key: str, known: set[str]) -> str:
    """Return the name of the annotation that a key was probably meant to be; empty when it is right or unknown."""
    if key.startswith(PREFIX):
        name = key.removeprefix(PREFIX)
        return "" if name in known or name.endswith("-snippet") else near(name, known, 0.75)
    foreign = next((prefix for prefix in _FOREIGN if key.startswith(prefix)), "")
    name = key.removeprefix(foreign) if foreign else ""
    return name if name in known else ""
