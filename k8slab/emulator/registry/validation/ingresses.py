"""Rules of Ingresses (k8s.io/kubernetes/pkg/apis/networking/validation)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from k8slab.emulator.registry.validation.names import DNS_1035, SUBDOMAIN, NameRule, check, port_name_problems
from k8slab.emulator.registry.validation.values import one_of, port_number, required
from k8slab.kube.objects import Obj, annotations_of, dig
from k8slab.kube.status import INVALID, REQUIRED, FieldError

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_SUFFIXES = ("/..", "/.")
_CLASS = "kubernetes.io/ingress.class"
_WILDCARD_PATTERN = r"\*\." + SUBDOMAIN.pattern.pattern
_WILDCARD = NameRule(
    re.compile(_WILDCARD_PATTERN),
    253,
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    f"regex used for validation is '{_WILDCARD_PATTERN}')",
)


def validate_ingress(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an Ingress."""
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield FieldError(INVALID, "spec", spec.get("rules"), "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend"):
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or []):
        yield from _rule(rule, f"spec.rules[{index}]")
    for index, entry in enumerate(spec.get("tls") or []):
        yield from _tls(entry, f"spec.tls[{index}]")
    if spec.get("ingressClassName"):
        yield from check(SUBDOMAIN, "spec.ingressClassName", spec["ingressClassName"])


def validate_new_ingress(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an Ingress at its creation."""
    annotation = annotations_of(obj).get(_CLASS)
    wanted = dig(obj, "spec", "ingressClassName")
    if annotation is not None and wanted is not None and annotation != wanted:
        detail = "must match `ingressClassName` when both are specified"
        yield FieldError(INVALID, f"annotations.{_CLASS}", annotation, detail)
    yield from validate_ingress(obj)


def _rule(rule: Obj, where: str) -> Iterator[FieldError]:
    host = str(rule.get("host", ""))
    if host:
        yield from _host(host, f"{where}.host")
    http = rule.get("http")
    if http is not None and not http.get("paths"):
        yield FieldError(REQUIRED, f"{where}.http.paths")
    for number, path in enumerate(dig(rule, "http", "paths", default=[])):
        yield from _path(path, f"{where}.http.paths[{number}]")


def _host(host: str, path: str) -> Iterator[FieldError]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        yield from check(_WILDCARD if "*" in host else SUBDOMAIN, path, host)
    else:
        yield FieldError(INVALID, path, host, "must be a DNS name, not an IP address")


def _path(path: Obj, where: str) -> Iterator[FieldError]:
    kind, text = path.get("pathType"), str(path.get("path", ""))
    if not kind:
        # Nothing else is said of such a path (pkg/apis/networking/validation, validateHTTPIngressPath).
        yield FieldError(REQUIRED, f"{where}.pathType", detail="pathType must be specified")
        return
    if kind not in _PATH_TYPES:
        yield from one_of(f"{where}.pathType", kind, _PATH_TYPES)
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield FieldError(INVALID, f"{where}.path", text, "must be an absolute path")
    else:
        yield from _strict_path(text, f"{where}.path")
    yield from _backend(path.get("backend") or {}, f"{where}.backend")


def _strict_path(text: str, path: str) -> Iterator[FieldError]:
    if not text.startswith("/"):
        yield FieldError(INVALID, path, text, "must be an absolute path")
    for sequence in _SEQUENCES:
        if sequence in text:
            yield FieldError(INVALID, path, text, f"must not contain '{sequence}'")
    for suffix in _SUFFIXES:
        if text.endswith(suffix):
            yield FieldError(INVALID, path, text, f"cannot end with '{suffix}'")


def _tls(entry: Obj, where: str) -> Iterator[FieldError]:
    for index, host in enumerate(entry.get("hosts") or []):
        yield from check(_WILDCARD if "*" in host else SUBDOMAIN, f"{where}.hosts[{index}]", host)
    if entry.get("secretName"):
        yield from check(SUBDOMAIN, f"{where}.secretName", entry["secretName"])


def _backend(backend: Obj, where: str) -> Iterator[FieldError]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield FieldError(INVALID, where, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from required(f"{where}.resource.kind", resource.get("kind"))
        yield from required(f"{where}.resource.name", resource.get("name"))
    elif service is None:
        yield FieldError(INVALID, where, "", "resource or service backend is required")
    else:
        yield from _service(service, where)


def _service(service: Obj, where: str) -> Iterator[FieldError]:
    name, port = service.get("name", ""), service.get("port") or {}
    if not name:
        yield FieldError(REQUIRED, f"{where}.service.name")
    else:
        yield from check(DNS_1035, f"{where}.service.name", name)
    if port.get("name") and port.get("number"):
        yield FieldError(INVALID, where, "", "cannot set both port name & port number")
    elif port.get("name"):
        for problem in port_name_problems(port["name"]):
            yield FieldError(INVALID, f"{where}.service.port.name", port["name"], problem)
    elif port.get("number"):
        yield from port_number(f"{where}.service.port.number", port["number"])
    else:
        yield FieldError(REQUIRED, where, detail="port name or number is required")
