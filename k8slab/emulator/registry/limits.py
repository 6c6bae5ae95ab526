"""Admission by LimitRanges: defaults of containers, then the bounds (plugin/pkg/admission/limitranger)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from k8slab.kube.objects import Obj, dig, metadata, name_of
from k8slab.kube.pod_resources import Amounts, amounts, pod_amounts
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.quotas import shown
from k8slab.kube.resources import CLAIMS, PODS, Resource
from k8slab.kube.status import forbidden

_NOTE = "kubernetes.io/limit-ranger"


def apply_defaults(pod: Obj, ranges: Sequence[Obj]) -> None:
    """Give containers the requests and limits that they do not state."""
    for found in ranges:
        requests, limits = _defaults(found)
        notes: list[str] = []
        for field, word in (("containers", "container"), ("initContainers", "init container")):
            for container in pod["spec"].get(field) or []:
                notes += _merged(container, word, requests, limits)
        if notes:
            annotations = metadata(pod).setdefault("annotations", {})
            annotations[_NOTE] = f"LimitRanger plugin set: {'; '.join(notes)}"


def _defaults(found: Obj) -> tuple[dict[str, Any], dict[str, Any]]:
    requests: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for limit in dig(found, "spec", "limits", default=[]):
        if limit.get("type") == "Container":
            requests |= limit.get("defaultRequest") or {}
            limits |= limit.get("default") or {}
    return requests, limits


def _merged(container: Obj, word: str, requests: dict[str, Any], limits: dict[str, Any]) -> Iterator[str]:
    resources = container.setdefault("resources", {})
    for field, defaults in (("requests", requests), ("limits", limits)):
        stated = resources.get(field) or {}
        added = {name: amount for name, amount in defaults.items() if name not in stated}
        if added:
            resources[field] = {**stated, **added}
            yield f"{', '.join(sorted(added))} {field[:-1]} for {word} {container.get('name', '')}"


def check_limits(resource: Resource, obj: Obj, ranges: Sequence[Obj]) -> None:
    """Raise 403 for a pod or claim out of the bounds."""
    for found in ranges:
        problems = list(_problems(resource, obj, found))
        if problems:
            texts = list(dict.fromkeys(problems))
            cause = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
            raise forbidden(resource.group, resource.plural, name_of(obj), cause)


def _problems(resource: Resource, obj: Obj, found: Obj) -> Iterator[str]:
    for limit in dig(found, "spec", "limits", default=[]):
        kind = limit.get("type")
        if resource == CLAIMS and kind == "PersistentVolumeClaim":
            requests = amounts(dig(obj, "spec", "resources", "requests", default={}))
            yield from _least(limit, kind, requests, {})
            yield from _most_requested(limit, kind, requests)
        elif resource == PODS and kind == "Container":
            for container in [*obj["spec"].get("containers", []), *(obj["spec"].get("initContainers") or [])]:
                stated = container.get("resources") or {}
                yield from _bounds(limit, kind, *(amounts(stated.get(name) or {}) for name in ("requests", "limits")))
        elif resource == PODS and kind == "Pod":
            yield from _bounds(limit, kind, pod_amounts(obj, "requests"), pod_amounts(obj, "limits"))


def _bounds(limit: Obj, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    yield from _least(limit, kind, requests, limits)
    yield from _most(limit, kind, requests, limits)
    for name, ratio in (limit.get("maxLimitRequestRatio") or {}).items():
        words = f"{name} max limit to request ratio per {kind} is {ratio}, but"
        if not requests.get(name):
            yield f"{words} no request is specified or request is 0"
        elif not limits.get(name):
            yield f"{words} no limit is specified or limit is 0"
        elif limits[name] / requests[name] > parse_quantity(str(ratio)):
            yield f"{words} provided ratio is {float(limits[name] / requests[name]):f}"


def _least(limit: Obj, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in (limit.get("min") or {}).items():
        least, words = parse_quantity(str(bound)), f"minimum {name} usage per {kind} is {bound}"
        if name not in requests:
            yield f"{words}.  No request is specified"
        elif requests[name] < least:
            yield f"{words}, but request is {_text(requests[name], bound)}"
        elif name in limits and limits[name] < least:
            yield f"{words}, but limit is {_text(limits[name], bound)}"


def _most(limit: Obj, kind: str, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in (limit.get("max") or {}).items():
        most, words = parse_quantity(str(bound)), f"maximum {name} usage per {kind} is {bound}"
        if name not in limits:
            yield f"{words}.  No limit is specified"
        elif limits[name] > most:
            yield f"{words}, but limit is {_text(limits[name], bound)}"
        elif name in requests and requests[name] > most:
            yield f"{words}, but request is {_text(requests[name], bound)}"


def _most_requested(limit: Obj, kind: str, requests: Amounts) -> Iterator[str]:
    for name, bound in (limit.get("max") or {}).items():
        words = f"maximum {name} usage per {kind} is {bound}"
        if name not in requests:
            yield f"{words}.  No request is specified"
        elif requests[name] > parse_quantity(str(bound)):
            yield f"{words}, but request is {_text(requests[name], bound)}"


def _text(amount: Decimal, like: Any) -> str:
    return shown(amount, str(like))
