"""Why the request's host meets no rule: class, spelling, wildcard, annotation, or no Ingress at all."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.ingress.controller import webhook_findings
from k8slab.diagnose.ingress.scene import Scene
from k8slab.diagnose.words import in_namespace, listed, near, said
from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of
from k8slab.kube.resources import INGRESS_CLASSES, INGRESSES
from k8slab.routing.annotations import PREFIX
from k8slab.routing.classes import ANNOTATION
from k8slab.snapshot.ingress_doors import host_matches, hosts

_UNSERVED = frozenset({"404", "308"})


def host_findings(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """Yield why no rule is for the host."""
    wanted = scene.request.server_name
    named = [
        ingress for host, found in hosts(scene.snapshot).items() if host_matches(host, wanted) for ingress in found
    ]
    for ingress in named:
        yield from _left_out(scene, ingress)
    if named or wanted == scene.server.host:
        return
    catch_all = scene.location is not None and not scene.location.implicit
    if catch_all or (scene.location is not None and scene.location.backend is not None):
        return  # rules without a host answer
    yield from _hostless(scene)
    yield from webhook_findings(scene.snapshot, evidence)
    yield _unknown(scene, wanted)


def _hostless(scene: Scene) -> Iterator[Finding]:
    for ingress in scene.snapshot.everywhere(INGRESSES):
        rules = dig(ingress, "spec", "rules", default=[])
        if not rules or any(not rule.get("host") for rule in rules):
            yield from _left_out(scene, ingress)


def _left_out(scene: Scene, ingress: Obj) -> Iterator[Finding]:
    """Yield why the controller does not take an Ingress."""
    name, key = name_of(ingress), f"{namespace_of(ingress)}/{name_of(ingress)}"
    command = in_namespace(f"kubectl describe ingress {name}", namespace_of(ingress))
    if not scene.classes.owns(ingress):
        yield _class(scene, ingress, command)
    elif key in scene.model.skipped:
        annotation = scene.model.skipped[key]
        value = annotations_of(ingress).get(annotation, "")
        yield Finding(
            "annotation-refused",
            f"The controller leaves {said(ingress, 'Ingress')} out as a whole: the value of {annotation} is wrong "
            f"({value!r}).",
            command,
            (f"{annotation}: {value}",),
            _UNSERVED,
        )
    elif annotations_of(ingress).get(f"{PREFIX}canary") == "true" and scene.server.host == "_":
        yield Finding(
            "canary-without-main",
            f'{said(ingress, "Ingress")} is a canary (canary: "true"), and there is no main Ingress with its host: '
            "a canary "
            "alone serves nothing.",
            in_namespace("kubectl get ingress", namespace_of(ingress)),
            (f"{PREFIX}canary: true",),
            _UNSERVED,
        )


def _class(scene: Scene, ingress: Obj, command: str) -> Finding:
    wanted, given = dig(ingress, "spec", "ingressClassName"), annotations_of(ingress).get(ANNOTATION)
    known = [name_of(entry) for entry in scene.snapshot.list(INGRESS_CLASSES)]
    ours = sorted(scene.classes.names)
    name = said(ingress, "Ingress")
    if wanted is not None and wanted not in known:
        like = near(wanted, known, 0.5)
        hint = f" Did you mean {like}?" if like else f" There are: {listed(known)}."
        cause, text = "class-unknown", f"{name} asks for the class {wanted}, which does not exist.{hint}"
    elif wanted is not None:
        cause = "class-of-another-controller"
        text = (
            f"{name} asks for the class {wanted}, which is another controller's; ingress-nginx serves {listed(ours)}."
        )
    elif given is not None:
        cause = "class-annotation-wrong"
        text = (
            f"{name} carries the annotation {ANNOTATION}: {given!r}; this controller wants"
            f" {scene.classes.annotation!r}."
        )
    else:
        cause = "class-missing"
        text = f"{name} names no class (spec.ingressClassName), and this controller takes only Ingresses with one."
    shown = f"{name_of(ingress)} spec.ingressClassName: {wanted}"
    return Finding(cause, text, command, (shown, f"IngressClasses: {listed(known)}"), _UNSERVED)


def _unknown(scene: Scene, wanted: str) -> Finding:
    known = list(hosts(scene.snapshot))
    shown = f"hosts of Ingresses: {listed(known)}"
    wild = next((host for host in known if host.startswith("*.") and wanted.endswith(host[1:])), "")
    bare = next((host for host in known if host == f"*.{wanted}"), "")
    if wild or bare:
        text = f"{wanted} is not covered by {wild or bare}: the star stands for exactly one label."
        return Finding("host-wildcard", text, "kubectl get ingress -A", (shown,), _UNSERVED)
    like = near(wanted, known, 0.5)
    if like:
        text = f"No Ingress has the host {wanted}; there is one for {like}."
        return Finding("host-mismatch", text, "kubectl get ingress -A", (shown,), _UNSERVED)
    if known:
        text = f"No Ingress has the host {wanted}. Hosts now: {listed(known)}."
        return Finding("host-mismatch", text, "kubectl get ingress -A", (shown,), _UNSERVED)
    text = "There is no Ingress: nothing tells the controller where to send a request for this host."
    return Finding("ingress-missing", text, "kubectl get ingress -A", (shown,), _UNSERVED)
