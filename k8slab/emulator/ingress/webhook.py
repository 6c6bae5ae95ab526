"""What the admission webhook refuses, in the controller's words (CheckIngress of its controller.go). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, name_of, namespace_of
from k8slab.routing.annotations import PREFIX, parse_annotations
from k8slab.routing.classes import Classes
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import CATCH_ALL
from k8slab.routing.reviewing import Reviewer
from k8slab.routing.table import RISKS, risk_of

_STRICT = re.compile(r"/[A-Za-z0-9._\-/]*")
_FORBIDDEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\s*alias\s*.*;", r"\s*root\s*.*;", r"/etc/(passwd|shadow|group|nginx|ingress-controller)",
        r"/var/run/secrets", r".*_by_lua.*",
    )
)  # fmt: skip
_SNIPPETS_OFF = "annotation cannot be used. Snippet directives are disabled by the Ingress administrator"
_NO_CATCH_ALL = (
    "this deployment is trying to create a catch-all ingress while DisableCatchAll flag is set to true. "
    "Remove '.spec.defaultBackend' or set DisableCatchAll flag to false"
)
# Deprecated annotations, of which kubectl prints a warning.
_DEPRECATED = ("enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host", "influxdb-server-name",
               "secure-verify-ca-secret")  # fmt: skip


def refusal(
    ingress: Obj, others: Iterable[Obj], classes: Classes, reviewer: Reviewer, *, catch_all: bool = True
) -> str:
    """Return why an Ingress is refused; an empty text when it is accepted."""
    if is_deleting(ingress):
        return ""
    problem = _inspected(ingress, f"{namespace_of(ingress)}/{name_of(ingress)}")
    if problem or not classes.owns(ingress):
        return problem
    if not catch_all and dig(ingress, "spec", "defaultBackend"):
        return _NO_CATCH_ALL
    configuration = reviewer.configuration
    paths = _path_problems(ingress) if configuration.strict_paths else []
    return (
        ("ingress contains invalid paths: " + "\n".join(paths) if paths else "")
        or _annotation_problem(ingress, configuration)
        or _value_problem(ingress, reviewer)
        or _overlap(ingress, others, classes)
    )


def warnings(ingress: Obj, classes: Classes, configuration: Configuration) -> list[str]:
    """Return what kubectl prints after ``Warning:``."""
    if is_deleting(ingress) or not classes.owns(ingress):
        return []
    names = [name.removeprefix(PREFIX) for name in annotations_of(ingress)]
    found = [f"annotation {name} is deprecated" for name in sorted(names) if name in _DEPRECATED]
    return found + (_path_problems(ingress) if configuration.strict_paths else [])


def _inspected(ingress: Obj, where: str) -> str:
    for what, text in _texts(ingress):
        if any(pattern.search(text) for pattern in _FORBIDDEN):
            return f"invalid object: invalid {what[0]} in ingress {where}: {what[1]}invalid value found: {text}"
    return ""


def _texts(ingress: Obj) -> Iterator[tuple[tuple[str, str], str]]:
    for rule in dig(ingress, "spec", "rules", default=[]):
        yield ("rule", "invalid host: "), rule.get("host", "")
        for path in dig(rule, "http", "paths", default=[]):
            yield ("rule", "invalid http path: "), path.get("path", "")
    for section in dig(ingress, "spec", "tls", default=[]):
        yield ("secret", ""), section.get("secretName", "")


def _path_problems(ingress: Obj) -> list[str]:
    return [
        f"path {path.get('path')} cannot be used with pathType {path.get('pathType')}"
        for rule in dig(ingress, "spec", "rules", default=[])
        for path in dig(rule, "http", "paths", default=[])
        if path.get("pathType") != "ImplementationSpecific" and not _STRICT.fullmatch(path.get("path") or "/")
    ]


def _annotation_problem(ingress: Obj, configuration: Configuration) -> str:
    annotations = annotations_of(ingress)
    for name in sorted(annotations):
        short = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX):
            continue
        for word in configuration.blocked_words:
            if word in annotations[name]:
                return f"{name} annotation contains invalid word {word}"
        if short.endswith("-snippet") and not configuration.allow_snippets:
            return f"{name} {_SNIPPETS_OFF}"
    risky = (risk_of(name.removeprefix(PREFIX)) for name in sorted(annotations) if name.startswith(PREFIX))
    for entry in risky:
        if entry is not None and RISKS.index(entry[1]) > RISKS.index(configuration.risk_level):
            return f"annotation group {entry[0]} contains risky annotation based on ingress configuration"
    return ""


def _value_problem(ingress: Obj, reviewer: Reviewer) -> str:
    annotations = dict(annotations_of(ingress))
    realm = f"{PREFIX}auth-realm"
    # The realm is only looked at when the Secret with the users is there (measured).
    settings = parse_annotations({key: text for key, text in annotations.items() if key != realm}).settings
    if realm in annotations and (not settings.auth_type or reviewer(namespace_of(ingress), settings).denied):
        del annotations[realm]
    refused = parse_annotations(annotations).refused
    return f"annotation {refused} contains invalid value" if refused else ""


def _overlap(ingress: Obj, others: Iterable[Obj], classes: Classes) -> str:
    mine = list(_routes(ingress))
    for other in others:
        same = (namespace_of(other), name_of(other)) == (namespace_of(ingress), name_of(ingress))
        if same or not classes.owns(other) or _may_share(ingress, other):
            continue
        taken = {(host, _plain(path), exact) for host, path, exact in _routes(other)}
        for host, path, exact in mine:
            if (host, _plain(path), exact) in taken:
                where = f"{namespace_of(other)}/{name_of(other)}"
                return f'host "{host}" and path "{path}" is already defined in ingress {where}'
    return ""


def _may_share(one: Obj, other: Obj) -> bool:
    """Tell whether two Ingresses may have the same path: one of them has the annotation canary, whatever its value.

    A second canary beside the first is accepted as well (measured), though only the first is ever asked.
    """
    return any(f"{PREFIX}canary" in annotations_of(entry) for entry in (one, other))


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"


def _routes(ingress: Obj) -> Iterator[tuple[str, str, bool]]:
    for rule in dig(ingress, "spec", "rules", default=[]):
        for path in dig(rule, "http", "paths", default=[]):
            # Only Exact is kept apart: Prefix and ImplementationSpecific are the same (measured).
            yield rule.get("host") or CATCH_ALL, path.get("path") or "/", path.get("pathType") == "Exact"


def review(request: Obj, message: str, told: list[str]) -> Obj:
    """Return the AdmissionReview that answers a request."""
    response: Obj = {"uid": request.get("uid", ""), "allowed": not message}
    if message:
        response["status"] = {"code": 400, "message": message, "reason": "BadRequest"}
    if told:
        response["warnings"] = told
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response}
