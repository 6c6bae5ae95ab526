"""Rules of label selectors (k8s.io/apimachinery/pkg/apis/meta/v1/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.registry.validation.names import LABEL_VALUE, qualified_name_problems
from k8slab.kube.objects import Obj
from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError


def validate_label_selector(selector: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with a selector."""
    for key, value in sorted((selector.get("matchLabels") or {}).items()):
        for problem in qualified_name_problems(key):
            yield FieldError(INVALID, f"{path}.matchLabels", key, problem)
        for problem in LABEL_VALUE.problems(value):
            yield FieldError(INVALID, f"{path}.matchLabels", value, problem)
    for index, entry in enumerate(selector.get("matchExpressions") or []):
        yield from _expression(entry, f"{path}.matchExpressions[{index}]")


def _expression(entry: Obj, path: str) -> Iterator[FieldError]:
    operator, values = entry.get("operator"), entry.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            yield FieldError(REQUIRED, f"{path}.values", detail="must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield FieldError(FORBIDDEN, f"{path}.values", detail=detail)
    else:
        yield FieldError(INVALID, f"{path}.operator", operator or "", "not a valid selector operator")
    for problem in qualified_name_problems(entry.get("key", "")):
        yield FieldError(INVALID, f"{path}.key", entry.get("key", ""), problem)
    for number, value in enumerate(values):
        for problem in LABEL_VALUE.problems(value):
            yield FieldError(INVALID, f"{path}.values[{number}]", value, problem)
