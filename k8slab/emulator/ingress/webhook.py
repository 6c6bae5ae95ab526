"""What the admission webhook refuses, in the controller's words (CheckIngress of its controller.go). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from k8slab.emulator.ingress.annotations import PREFIX, SNIPPETS, parse_annotations
from k8slab.emulator.ingress.model import CATCH_ALL, Classes
from k8slab.emulator.ingress.settings import Configuration
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, name_of, namespace_of

_STRICT = re.compile(r"/[A-Za-z0-9._\-/]*")
_FORBIDDEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\s*alias\s*.*;", r"\s*root\s*.*;", r"/etc/(passwd|shadow|group|nginx|ingress-controller)",
        r"/var/run/secrets", r".*_by_lua.*",
    )
)  # fmt: skip
_SNIPPETS_OFF = "annotation cannot be used. Snippet directives are disabled by the Ingress administrator"


def refusal(
    ingress: Obj, others: Iterable[Obj], classes: Classes, configuration: Configuration, *, catch_all: bool = True
) -> str:
    """Return why an Ingress is refused; an empty text when it is accepted."""
    if is_deleting(ingress):
        return ""
    where = f"{namespace_of(ingress)}/{name_of(ingress)}"
    if problem := _inspected(ingress, where):
        return problem
    if not classes.owns(ingress):
        return ""
    if not catch_all and dig(ingress, "spec", "defaultBackend"):
        return (
            "this deployment is trying to create a catch-all ingress while DisableCatchAll flag is set to true. "
            "Remove '.spec.defaultBackend' or set DisableCatchAll flag to false"
        )
    return (
        _paths_problem(ingress, configuration)
        or _annotation_problem(ingress, configuration)
        or _overlap(ingress, others, classes)
    )


def _inspected(ingress: Obj, where: str) -> str:
    for rule in dig(ingress, "spec", "rules", default=[]):
        if _is_forbidden(rule.get("host", "")):
            return f"invalid object: invalid rule in ingress {where}: invalid host: invalid value found: {rule['host']}"
        for path in dig(rule, "http", "paths", default=[]):
            if _is_forbidden(path.get("path", "")):
                found = path["path"]
                return (
                    f"invalid object: invalid rule in ingress {where}: invalid http path: invalid value found: {found}"
                )
    return ""


def _is_forbidden(text: str) -> bool:
    return any(pattern.search(text) for pattern in _FORBIDDEN)


def _paths_problem(ingress: Obj, configuration: Configuration) -> str:
    if not configuration.strict_paths:
        return ""
    wrong = [
        f"path {path.get('path')} cannot be used with pathType {path.get('pathType')}"
        for rule in dig(ingress, "spec", "rules", default=[])
        for path in dig(rule, "http", "paths", default=[])
        if path.get("pathType") != "ImplementationSpecific" and not _STRICT.fullmatch(path.get("path", "/"))
    ]
    return "ingress contains invalid paths: " + "\n".join(wrong) if wrong else ""


def _annotation_problem(ingress: Obj, configuration: Configuration) -> str:
    annotations = annotations_of(ingress)
    for name in sorted(annotations):
        if name.removeprefix(PREFIX) in SNIPPETS and not configuration.allow_snippets:
            return f"{name} {_SNIPPETS_OFF}"
    refused = parse_annotations(annotations).refused
    return f"annotation {refused} contains invalid value" if refused else ""


def _overlap(ingress: Obj, others: Iterable[Obj], classes: Classes) -> str:
    mine = list(_routes(ingress))
    for other in others:
        same = (namespace_of(other), name_of(other)) == (namespace_of(ingress), name_of(ingress))
        if same or not classes.owns(other) or _has_canary(ingress) != _has_canary(other):
            continue
        taken = set(_routes(other))
        for host, path in mine:
            if (host, path.rstrip("/") or "/") in {(known, text.rstrip("/") or "/") for known, text in taken}:
                where = f"{namespace_of(other)}/{name_of(other)}"
                return f'host "{host}" and path "{path}" is already defined in ingress {where}'
    return ""


def _has_canary(ingress: Obj) -> bool:
    return f"{PREFIX}canary" in annotations_of(ingress)


def _routes(ingress: Obj) -> Iterable[tuple[str, str]]:
    for rule in dig(ingress, "spec", "rules", default=[]):
        for path in dig(rule, "http", "paths", default=[]):
            yield rule.get("host") or CATCH_ALL, path.get("path") or "/"


def review(request: Obj, message: str) -> Obj:
    """Return the AdmissionReview that answers a request."""
    response: Obj = {"uid": request.get("uid", ""), "allowed": not message}
    if message:
        response["status"] = {"code": 400, "message": message, "reason": "BadRequest"}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response}
