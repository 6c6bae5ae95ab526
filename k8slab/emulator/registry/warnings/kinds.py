"""Warnings of each kind: one function for each, with the object before the change or None at creation."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping

from k8slab.emulator.registry.validation.names import LABEL
from k8slab.emulator.registry.warnings.pods import pod_warnings
from k8slab.emulator.registry.warnings.values import address_warnings, fractions
from k8slab.kube.objects import Obj, annotations_of, dig, name_of

Warn = Callable[[Obj, Obj | None], Iterator[str]]


def warnings_of(kind: str, new: Obj, old: Obj | None) -> list[str]:
    """Return what a client is to be told of a write that passed."""
    found = _KINDS.get(kind)
    return list(found(new, old)) if found else []


def _pod(new: Obj, old: Obj | None) -> Iterator[str]:
    # Changes of pods come from programs: nobody would read it.
    if old is None:
        yield from _name(new, "the Pod's hostname")
        yield from pod_warnings(new)


def _with_template(*path: str, named: bool = True) -> Warn:
    def warn(new: Obj, old: Obj | None) -> Iterator[str]:
        if old is None and named:
            yield from _name(new, "Pod names and hostnames")
        if old is None or old.get("spec") != new.get("spec"):
            yield from pod_warnings(dig(new, *path, default={}), "".join(f"{step}." for step in path))

    return warn


def _name(obj: Obj, used_in: str) -> Iterator[str]:
    problems = list(LABEL.problems(name_of(obj)))
    if problems:
        yield (
            f"metadata.name: this is used in {used_in}, which can result in surprising behavior; "
            f"a DNS label is recommended: [{' '.join(problems)}]"
        )


def _ingress(new: Obj, old: Obj | None) -> Iterator[str]:
    annotation = "kubernetes.io/ingress.class"
    if old is None and annotation in annotations_of(new) and dig(new, "spec", "ingressClassName") is None:
        yield f"annotation \"{annotation}\" is deprecated, please use 'spec.ingressClassName' instead"


def _service(new: Obj, _old: Obj | None) -> Iterator[str]:
    spec = new.get("spec") or {}
    if "service.kubernetes.io/topology-aware-hints" in annotations_of(new):
        yield (
            "annotation service.kubernetes.io/topology-aware-hints is deprecated, "
            "please use service.kubernetes.io/topology-mode instead"
        )
    if spec.get("type") == "ClusterIP" and spec.get("clusterIP") == "None":
        if spec.get("loadBalancerIP"):
            yield "spec.loadBalancerIP is ignored for headless services"
        if spec.get("externalIPs"):
            yield "spec.externalIPs is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    for index, address in enumerate(spec.get("externalIPs") or []):
        yield from address_warnings(address, f"spec.externalIPs[{index}]")
    if spec.get("loadBalancerIP"):
        yield from address_warnings(spec["loadBalancerIP"], "spec.loadBalancerIP")
    if spec.get("type") == "ExternalName" and spec.get("externalIPs"):
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if spec.get("type") != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'


def _secret(new: Obj, _old: Obj | None) -> Iterator[str]:
    # What Go's crypto/tls says first of a pair that is none.
    if new.get("type") == "kubernetes.io/tls":
        for field, word in (("tls.crt", "certificate"), ("tls.key", "key")):
            if b"-----BEGIN" not in base64.b64decode(dig(new, "data", field, default="")):
                yield f"tls: failed to find any PEM data in {word} input"
                return


def _claim(new: Obj, _old: Obj | None) -> Iterator[str]:
    annotation = "volume.beta.kubernetes.io/storage-class"
    if annotation in annotations_of(new):
        text = 'deprecated since v1.8; use "storageClassName" attribute instead'
        yield f"metadata.annotations[{annotation}]: {text}"
    for field in ("requests", "limits"):
        yield from fractions(dig(new, "spec", "resources", field, default={}), "storage", f"spec.resources.{field}")


_KINDS: Mapping[str, Warn] = {
    "pods": _pod,
    "deployments.apps": _with_template("spec", "template"),
    "replicasets.apps": _with_template("spec", "template"),
    "daemonsets.apps": _with_template("spec", "template", named=False),
    "statefulsets.apps": _with_template("spec", "template", named=False),
    "jobs.batch": _with_template("spec", "template"),
    "cronjobs.batch": _with_template("spec", "jobTemplate", "spec", "template"),
    "ingresses.networking.k8s.io": _ingress,
    "services": _service,
    "persistentvolumeclaims": _claim,
    "secrets": _secret,
}
