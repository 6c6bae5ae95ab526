"""Rules of where a pod may run: tolerations, affinity, spread (pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.names import LABEL_VALUE, check_labels, qualified_name_problems
from k8slab.emulator.registry.validation.values import one_of
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED_FIELD = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED_FIELD = "preferredDuringSchedulingIgnoredDuringExecution"
_HIGHEST_WEIGHT = 100


def validate_tolerations(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with tolerations."""
    for index, entry in enumerate(entries):
        yield from _toleration(entry, f"{path}[{index}]")


def _toleration(entry: Obj, path: str) -> Iterator[FieldError]:
    key, operator, value = entry.get("key", ""), entry.get("operator", ""), entry.get("value", "")
    if key:
        for problem in qualified_name_problems(key):
            yield FieldError(INVALID, f"{path}.key", key, problem)
    elif operator != "Exists":
        detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield FieldError(INVALID, f"{path}.operator", operator, detail)
    if entry.get("tolerationSeconds") is not None and entry.get("effect") != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield FieldError(INVALID, f"{path}.effect", entry.get("effect", ""), detail)
    if operator in ("", "Equal"):
        for problem in LABEL_VALUE.problems(value):
            yield FieldError(INVALID, f"{path}.operator", value, problem)
    elif operator == "Exists":
        if value:
            yield FieldError(INVALID, f"{path}.operator", value, "value must be empty when `operator` is 'Exists'")
    else:
        yield from one_of(f"{path}.operator", operator, ("Equal", "Exists"))
    if entry.get("effect"):
        yield from one_of(f"{path}.effect", entry["effect"], _EFFECTS)


def validate_taints(taints: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a node's taints."""
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        where, key = f"{path}[{index}]", taint.get("key", "")
        for problem in qualified_name_problems(key):
            yield FieldError(INVALID, f"{where}.key", key, problem)
        for problem in LABEL_VALUE.problems(taint.get("value", "")):
            yield FieldError(INVALID, f"{where}.value", taint["value"], problem)
        yield from one_of(f"{where}.effect", taint.get("effect", ""), _EFFECTS)
        pair = (str(taint.get("effect")), str(key))
        if pair in seen:
            duplicate = {name: taint[name] for name in ("key", "value", "effect") if taint.get(name)}
            yield FieldError("Duplicate value", where, duplicate)
        seen.add(pair)


def validate_affinity(affinity: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with node and pod affinity."""
    yield from _node_affinity(affinity.get("nodeAffinity") or {}, f"{path}.nodeAffinity")
    for kind in ("podAffinity", "podAntiAffinity"):
        for index, term in enumerate((affinity.get(kind) or {}).get(_REQUIRED_FIELD) or []):
            yield from _pod_term(term, f"{path}.{kind}.{_REQUIRED_FIELD}[{index}]")
        for index, entry in enumerate((affinity.get(kind) or {}).get(_PREFERRED_FIELD) or []):
            where = f"{path}.{kind}.{_PREFERRED_FIELD}[{index}]"
            yield from _weight(entry, where)
            yield from _pod_term(entry.get("podAffinityTerm") or {}, f"{where}.podAffinityTerm")


def _node_affinity(affinity: Obj, path: str) -> Iterator[FieldError]:
    needed = affinity.get(_REQUIRED_FIELD)
    if needed is not None:
        where = f"{path}.{_REQUIRED_FIELD}.nodeSelectorTerms"
        if not needed.get("nodeSelectorTerms"):
            yield FieldError(REQUIRED, where, detail="must have at least one node selector term")
        for index, term in enumerate(needed.get("nodeSelectorTerms") or []):
            yield from _node_term(term, f"{where}[{index}]")
    for index, entry in enumerate(affinity.get(_PREFERRED_FIELD) or []):
        where = f"{path}.{_PREFERRED_FIELD}[{index}]"
        yield from _weight(entry, where)
        yield from _node_term(entry.get("preference") or {}, f"{where}.preference")


def _weight(entry: Obj, path: str) -> Iterator[FieldError]:
    weight = entry.get("weight", 0)
    if not 0 < weight <= _HIGHEST_WEIGHT:
        yield FieldError(INVALID, f"{path}.weight", weight, "must be in the range 1-100")


def _node_term(term: Obj, path: str) -> Iterator[FieldError]:
    for index, entry in enumerate(term.get("matchExpressions") or []):
        where, operator = f"{path}.matchExpressions[{index}]", entry.get("operator")
        values = entry.get("values") or []
        if operator in ("In", "NotIn") and not values:
            yield FieldError(REQUIRED, f"{where}.values", detail="must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield FieldError(FORBIDDEN, f"{where}.values", detail=detail)
        elif operator in ("Gt", "Lt") and len(values) != 1:
            detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            yield FieldError(REQUIRED, f"{where}.values", detail=detail)
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"):
            yield FieldError(INVALID, f"{where}.operator", operator, "not a valid selector operator")
        for problem in qualified_name_problems(entry.get("key", "")):
            yield FieldError(INVALID, f"{where}.key", entry.get("key", ""), problem)


def _pod_term(term: Obj, path: str) -> Iterator[FieldError]:
    if term.get("labelSelector") is not None:
        yield from validate_label_selector(term["labelSelector"], f"{path}.labelSelector")
    key = term.get("topologyKey", "")
    if not key:
        yield FieldError(REQUIRED, f"{path}.topologyKey", detail="can not be empty")
    for problem in qualified_name_problems(key):
        yield FieldError(INVALID, f"{path}.topologyKey", key, problem)


def validate_spread(entries: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with topology spread constraints."""
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        if entry.get("maxSkew", 0) <= 0:
            yield FieldError(INVALID, f"{where}.maxSkew", entry.get("maxSkew", 0), "must be greater than zero")
        if not entry.get("topologyKey"):
            yield FieldError(REQUIRED, f"{where}.topologyKey", detail="can not be empty")
        supported = ("DoNotSchedule", "ScheduleAnyway")
        yield from one_of(f"{where}.whenUnsatisfiable", entry.get("whenUnsatisfiable", ""), supported)
        if entry.get("labelSelector") is not None:
            yield from validate_label_selector(entry["labelSelector"], f"{where}.labelSelector")


def validate_node_selector(selector: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a pod's node selector."""
    yield from check_labels(selector, path)
