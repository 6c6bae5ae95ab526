"""Rules of Deployments, ReplicaSets and the simple kinds (k8s.io/kubernetes/pkg/apis/*/validation)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.names import CONFIG_KEY, config_key_problems
from k8slab.emulator.registry.validation.pods import validate_template
from k8slab.emulator.registry.validation.values import one_of
from k8slab.kube.go_json import go_json_problem
from k8slab.kube.objects import Obj, annotations_of, dig
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError

_NEGATIVE = "must be greater than or equal to 0"
_STRATEGIES = ("Recreate", "RollingUpdate")
_LIMIT = 1024 * 1024
_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"), "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",), "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}  # fmt: skip
_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


def _not_negative(spec: Obj, *names: str) -> Iterator[FieldError]:
    for name in names:
        value = spec.get(name)
        if value is not None and value < 0:
            yield FieldError(INVALID, f"spec.{name}", value, _NEGATIVE)


def _selector_and_template(spec: Obj) -> Iterator[FieldError]:
    selector, template = spec.get("selector"), spec.get("template") or {}
    wrong: list[FieldError] = []
    if selector is None:
        yield FieldError(REQUIRED, "spec.selector")
    else:
        wrong = list(validate_label_selector(selector, "spec.selector"))
        yield from wrong
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield FieldError(INVALID, "spec.selector", selector, "empty selector is invalid for deployment")
    if wrong:
        yield FieldError(INVALID, "spec.selector", _ordered(selector or {}), "invalid label selector")
    else:
        yield from _matching(selector, template)
    yield from validate_template(template, "spec.template")
    yield from _always(dig(template, "spec", default={}))


def _ordered(selector: Obj) -> Obj:
    return {name: selector[name] for name in ("matchLabels", "matchExpressions") if selector.get(name)}


def _matching(selector: Obj | None, template: Obj) -> Iterator[FieldError]:
    labels = dig(template, "metadata", "labels")
    empty = selector is not None and not _ordered(selector)
    if not empty and (selector is None or not label_selector_of(selector).matches(labels or {})):
        detail = "`selector` does not match template `labels`"
        yield FieldError(INVALID, "spec.template.metadata.labels", labels, detail)


def _always(pod: Obj) -> Iterator[FieldError]:
    """Yield what a pod that is always started again may not have."""
    if pod.get("restartPolicy") != "Always":
        detail = 'supported values: "Always"'
        yield FieldError(NOT_SUPPORTED, "spec.template.spec.restartPolicy", pod.get("restartPolicy", ""), detail)
    if pod.get("activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in ReplicaSet is not Supported"
        yield FieldError(FORBIDDEN, "spec.template.spec.activeDeadlineSeconds", detail=detail)


def validate_deployment(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Deployment."""
    spec = obj.get("spec") or {}
    yield from _not_negative(spec, "replicas")
    yield from _selector_and_template(spec)
    yield from _rolling(spec)
    yield from _not_negative(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline, ready = spec.get("progressDeadlineSeconds", 600), spec.get("minReadySeconds") or 0
    if deadline <= ready:
        yield FieldError(INVALID, "spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _rolling(spec: Obj) -> Iterator[FieldError]:
    strategy = spec.get("strategy") or {}
    if strategy.get("type") not in _STRATEGIES:
        shown = {"Type": strategy.get("type", ""), "RollingUpdate": strategy.get("rollingUpdate")}
        yield from one_of("spec.strategy", shown, _STRATEGIES)
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        detail = "may not be specified when strategy `type` is 'Recreate'"
        yield FieldError(FORBIDDEN, "spec.strategy.rollingUpdate", detail=detail)
    elif rolling is not None:
        for name in ("maxUnavailable", "maxSurge"):
            yield from int_or_percent(rolling.get(name), f"spec.strategy.rollingUpdate.{name}")
        if str(rolling.get("maxUnavailable")) in ("0", "0%") and str(rolling.get("maxSurge")) in ("0", "0%"):
            detail = "may not be 0 when `maxSurge` is 0"
            yield FieldError(INVALID, "spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], detail)


def int_or_percent(value: Any, path: str) -> Iterator[FieldError]:
    """Yield an error for what is neither a number from 0 on nor a percentage (at most 100% may be unavailable)."""
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
    yield from _selector_and_template(spec)


def immutable_selector(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the selector changed."""
    if dig(new, "spec", "selector") != dig(old, "spec", "selector"):
        yield FieldError(INVALID, "spec.selector", dig(new, "spec", "selector"), "field is immutable")


def validate_config_map(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ConfigMap."""
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for field, values in (("data", data), ("binaryData", binary)):
        for key in values:
            for problem in config_key_problems(CONFIG_KEY, key):
                yield FieldError(INVALID, f"{field}[{key}]", key, problem)
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
    data, kind = obj.get("data") or {}, str(obj.get("type"))
    for key in data:
        for problem in config_key_problems(CONFIG_KEY, key):
            yield FieldError(INVALID, f"data[{key}]", key, problem)
    if kind == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        yield from (FieldError(REQUIRED, f"data[{key}]") for key in ("username", "password"))
    for key in _SECRET_KEYS.get(kind, ()):
        if key not in data:
            yield FieldError(REQUIRED, f"data[{key}]")
        elif key.startswith(".docker"):
            yield from _json_secret(data[key], f"data[{key}]")
    account = "kubernetes.io/service-account.name"
    if kind == "kubernetes.io/service-account-token" and not annotations_of(obj).get(account):
        yield FieldError(REQUIRED, f"metadata.annotations[{account}]")


def _json_secret(value: str, path: str) -> Iterator[FieldError]:
    text = base64.b64decode(value).decode(errors="replace")
    problem = go_json_problem(text)
    if problem:
        yield FieldError(INVALID, path, "<secret contents redacted>", problem)


def immutable_secret(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the type of a Secret, or the data of an immutable one, changed."""
    if new.get("type") != old.get("type"):
        yield FieldError(INVALID, "type", new.get("type"), "field is immutable")
    yield from immutable_data(new, old)
