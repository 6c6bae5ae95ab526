"""Rules of Deployments, ReplicaSets and the simple kinds (k8s.io/kubernetes/pkg/apis/*/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.validation.names import (
    CONFIG_KEY,
    LABEL_VALUE,
    SUBDOMAIN,
    check,
    qualified_name_problems,
)  # fmt: skip
from k8slab.emulator.registry.validation.pods import one_of, validate_template
from k8slab.kube.objects import Obj, dig
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError, go_value

_NEGATIVE = "must be greater than or equal to 0"
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_LIMIT = 1024 * 1024
_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


def _not_negative(spec: Obj, *names: str) -> Iterator[FieldError]:
    for name in names:
        value = spec.get(name)
        if value is not None and value < 0:
            yield FieldError(INVALID, f"spec.{name}", value, _NEGATIVE)


def _selector(spec: Obj) -> Iterator[FieldError]:
    selector = spec.get("selector")
    if selector is None:
        yield FieldError(REQUIRED, "spec.selector")
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        detail = "empty selector is invalid for deployment"
        yield FieldError(INVALID, "spec.selector", selector, detail)
    for key, value in (selector.get("matchLabels") or {}).items():
        for problem in qualified_name_problems(key):
            yield FieldError(INVALID, "spec.selector.matchLabels", key, problem)
        for problem in LABEL_VALUE.problems(value):
            yield FieldError(INVALID, "spec.selector.matchLabels", value, problem)
    for index, entry in enumerate(selector.get("matchExpressions") or []):
        yield from _expression(entry, f"spec.selector.matchExpressions[{index}]")


def _expression(entry: Obj, path: str) -> Iterator[FieldError]:
    operator, values = entry.get("operator"), entry.get("values") or []
    if operator not in _OPERATORS:
        yield FieldError(INVALID, f"{path}.operator", operator, "not a valid selector operator")
    if operator in ("In", "NotIn") and not values:
        yield FieldError(REQUIRED, f"{path}.values", detail="must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("Exists", "DoesNotExist") and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield FieldError(FORBIDDEN, f"{path}.values", detail=detail)


def _template(spec: Obj) -> Iterator[FieldError]:
    template = spec.get("template") or {}
    labels = dig(template, "metadata", "labels", default={})
    selector = spec.get("selector")
    if selector and not label_selector_of(selector).matches(labels):
        detail = "`selector` does not match template `labels`"
        yield FieldError(INVALID, "spec.template.metadata.labels", labels, detail)
    yield from validate_template(template, "spec.template")
    policy = dig(template, "spec", "restartPolicy")
    if policy in ("Never", "OnFailure"):
        yield FieldError(NOT_SUPPORTED, "spec.template.spec.restartPolicy", policy, 'supported values: "Always"')


def validate_deployment(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Deployment."""
    spec = obj.get("spec") or {}
    yield from _not_negative(spec, "replicas")
    yield from _selector(spec)
    yield from _template(spec)
    yield from _rolling(spec)
    yield from _not_negative(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds") or 0
    if 0 <= deadline <= ready:
        yield FieldError(INVALID, "spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _rolling(spec: Obj) -> Iterator[FieldError]:
    strategy = spec.get("strategy") or {}
    yield from one_of("spec.strategy.type", strategy.get("type"), ("Recreate", "RollingUpdate"))
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        detail = "may not be specified when strategy `type` is 'Recreate'"
        yield FieldError(FORBIDDEN, "spec.strategy.rollingUpdate", detail=detail)
    elif rolling is not None:
        for name in ("maxUnavailable", "maxSurge"):
            yield from _share(rolling.get(name), f"spec.strategy.rollingUpdate.{name}")
        if str(rolling.get("maxUnavailable")) in ("0", "0%") and str(rolling.get("maxSurge")) in ("0", "0%"):
            detail = "may not be 0 when `maxSurge` is 0"
            yield FieldError(INVALID, "spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], detail)


def _share(value: Any, path: str) -> Iterator[FieldError]:
    if isinstance(value, str) and not re.fullmatch(r"\d+%", value):
        yield FieldError(INVALID, path, value, _PERCENT)
    elif isinstance(value, str) and path.endswith("maxUnavailable") and int(value[:-1]) > 100:  # noqa: PLR2004
        yield FieldError(INVALID, path, value, "must not be greater than 100%")
    elif isinstance(value, int) and value < 0:
        yield FieldError(INVALID, path, value, _NEGATIVE)


def validate_replica_set(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ReplicaSet."""
    spec = obj.get("spec") or {}
    yield from _not_negative(spec, "replicas", "minReadySeconds")
    yield from _selector(spec)
    yield from _template(spec)


def immutable_selector(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the selector changed."""
    if dig(new, "spec", "selector") != dig(old, "spec", "selector"):
        yield FieldError(INVALID, "spec.selector", dig(new, "spec", "selector"), "field is immutable")


def validate_config_map(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ConfigMap."""
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for field, values in (("data", data), ("binaryData", binary)):
        for key in values:
            yield from check(CONFIG_KEY, f"{field}[{key}]", key)
    for key in data.keys() & binary.keys():
        yield FieldError(INVALID, f"data[{key}]", key, "duplicate of key present in binaryData")
    if sum(len(value) for value in (*data.values(), *binary.values())) > _LIMIT:
        yield FieldError("Too long", "", detail=f"may not be more than {_LIMIT} bytes")


def immutable_data(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when data of an ``immutable`` object changed."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield FieldError(FORBIDDEN, "immutable", detail="field is immutable when `immutable` is set")
    for field in ("data", "binaryData", "stringData"):
        if new.get(field) != old.get(field):
            yield FieldError(FORBIDDEN, field, detail="field is immutable when `immutable` is set")


def validate_secret(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Secret."""
    data = obj.get("data") or {}
    for key in data:
        yield from check(CONFIG_KEY, f"data[{key}]", key)
    wanted = {"kubernetes.io/tls": ("tls.crt", "tls.key"), "kubernetes.io/dockerconfigjson": (".dockerconfigjson",)}
    for key in wanted.get(str(obj.get("type")), ()):
        if key not in data:
            yield FieldError(REQUIRED, f"data[{key}]")


def immutable_secret(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the type of a Secret, or the data of an immutable one, changed."""
    if new.get("type") != old.get("type"):
        yield FieldError(INVALID, "type", new.get("type"), "field is immutable")
    yield from immutable_data(new, old)


_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def validate_ingress(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with an Ingress (k8s.io/kubernetes/pkg/apis/networking/validation)."""
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield FieldError(INVALID, "spec", spec.get("rules"), "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend"):
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or []):
        where = f"spec.rules[{index}]"
        host = str(rule.get("host", ""))
        if host:
            yield from check(SUBDOMAIN, f"{where}.host", host.removeprefix("*."))
        for number, path in enumerate(dig(rule, "http", "paths", default=[])):
            yield from _ingress_path(path, f"{where}.http.paths[{number}]")


def _ingress_path(path: Obj, where: str) -> Iterator[FieldError]:
    kind, text = path.get("pathType"), str(path.get("path", ""))
    if not kind:
        yield FieldError(REQUIRED, f"{where}.pathType", detail="pathType must be specified")
    elif kind not in _PATH_TYPES:
        yield from one_of(f"{where}.pathType", kind, _PATH_TYPES)
    elif (kind != "ImplementationSpecific" or text) and not text.startswith("/"):
        yield FieldError(INVALID, f"{where}.path", text, "must be an absolute path")
    yield from _backend(path.get("backend") or {}, f"{where}.backend")


def _backend(backend: Obj, where: str) -> Iterator[FieldError]:
    service = backend.get("service")
    if service is None and backend.get("resource") is None:
        yield FieldError(REQUIRED, where, detail="resource or service backend is required")
        return
    if service is not None:
        if not service.get("name"):
            yield FieldError(REQUIRED, f"{where}.service.name")
        port = service.get("port") or {}
        if not port.get("name") and not port.get("number"):
            yield FieldError(REQUIRED, f"{where}.service.port", detail="port name or number is required")
        elif port.get("name") and port.get("number"):
            detail = "cannot set both port name & port number"
            yield FieldError(INVALID, f"{where}.service.port", go_value(port), detail)
