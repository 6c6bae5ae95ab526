"""Which Ingresses belong to a controller (ing:internal/ingress/controller/store/store.go GetIngressClass)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from k8slab.kube.objects import Obj, annotations_of, dig, name_of

CONTROLLER = "k8s.io/ingress-nginx"
ANNOTATION = "kubernetes.io/ingress.class"


@dataclass(frozen=True, slots=True)
class Classes:
    """The IngressClasses of our controller, the annotation's value, and whether classless Ingresses are ours."""

    names: frozenset[str]
    annotation: str = "nginx"
    without_class: bool = False

    def owns(self, ingress: Obj) -> bool:
        """Tell whether an Ingress is for this controller."""
        return not self.why_not(ingress)

    def why_not(self, ingress: Obj) -> str:
        """Return why an Ingress is not for this controller; an empty text when it is."""
        wanted = dig(ingress, "spec", "ingressClassName")
        given = annotations_of(ingress).get(ANNOTATION)
        if wanted is not None:
            return "" if wanted in self.names else f'there is no IngressClass "{wanted}" of this controller'
        if given is not None:
            return "" if given == self.annotation else f'its annotation {ANNOTATION} is "{given}"'
        return "" if self.without_class else "it has no class, and this controller takes only Ingresses with one"


def classes_of(classes: Iterable[Obj], controller: str, annotation: str, *, without_class: bool) -> Classes:
    """Return what belongs to the controller of that name (``k8s.io/ingress-nginx``)."""
    ours = frozenset(name_of(entry) for entry in classes if dig(entry, "spec", "controller") == controller)
    return Classes(ours, annotation, without_class)
