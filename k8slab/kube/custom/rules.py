"""x-kubernetes-validations: rules in CEL (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from k8slab.kube import cel
from k8slab.kube.custom.checking import type_name
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

Schema = Mapping[str, Any]
Errors = Iterator[FieldError]
RULES = "x-kubernetes-validations"
_NAMES = ("self", "oldSelf")
_KINDS = {
    "FieldValueInvalid": INVALID,
    "FieldValueForbidden": FORBIDDEN,
    "FieldValueRequired": REQUIRED,
    "FieldValueDuplicate": DUPLICATE,
}
_ABSENT = object()


def check_rules(new: Any, old: Any, schema: Schema, path: str = "") -> Errors:
    """Yield the rules that a value breaks; ``old`` is None at creation."""
    yield from _check(new, _ABSENT if old is None else old, schema, path)


def _check(new: Any, old: Any, schema: Schema, path: str) -> Errors:
    if new is None:
        return
    for rule in schema.get(RULES) or ():
        yield from _check_rule(rule, new, old, path)
    if isinstance(new, dict):
        yield from _check_members(new, old, schema, path)
    items = schema.get("items")
    if isinstance(new, list) and isinstance(items, dict):
        for index, item in enumerate(new):
            yield from _check(item, _same_item(item, old, schema), items, f"{path}[{index}]")


def _check_members(new: Mapping[str, Any], old: Any, schema: Schema, path: str) -> Errors:
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    before = old if isinstance(old, dict) else {}
    for key in sorted(new):
        if key in properties:
            below = f"{path}.{key}" if path else key
            yield from _check(new[key], before.get(key, _ABSENT), properties[key], below)
        elif isinstance(more, dict):
            yield from _check(new[key], before.get(key, _ABSENT), more, f"{path}[{key}]")


def _same_item(item: Any, old: Any, schema: Schema) -> Any:
    """Return the old item that has the same keys; other lists have no items that stay the same."""
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list) or not isinstance(item, dict):
        return _ABSENT
    wanted = [item.get(key) for key in keys]
    return next((one for one in old if isinstance(one, dict) and [one.get(key) for key in keys] == wanted), _ABSENT)


def _check_rule(rule: Mapping[str, Any], new: Any, old: Any, path: str) -> Errors:
    text = str(rule["rule"])
    if "oldSelf" in text and old is _ABSENT:
        return
    values = {"self": new} | ({} if old is _ABSENT else {"oldSelf": old})
    shown = path or "<nil>"
    told = str(rule.get("message") or "").strip()
    try:
        if _compiled(text).evaluate(values) is True:
            return
    except cel.CelError as error:
        yield FieldError(INVALID, shown, type_name(new), f"{error} evaluating rule: {told or text}")
        return
    kind = _KINDS.get(str(rule.get("reason") or ""), INVALID)
    where = f"{path}{rule.get('fieldPath') or ''}" or "<nil>"
    yield FieldError(kind, where, type_name(new), _message(rule, values) or told or f"failed rule: {text}")


def _message(rule: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    if not rule.get("messageExpression"):
        return ""
    try:
        return str(_compiled(str(rule["messageExpression"])).evaluate(values)).strip()
    except cel.CelError:
        # The rule's own message stands in for one that cannot be made.
        return ""


@lru_cache(maxsize=1024)
def _compiled(text: str) -> cel.Expression:
    return cel.compile_expression(text, _NAMES)


def check_expressions(schema: Any, path: str) -> Errors:
    """Yield what is wrong with the rules of a schema; without the library, that there are any."""
    if not isinstance(schema, dict):
        return
    for index, rule in enumerate(schema.get(RULES) or ()):
        yield from _check_expression(rule, f"{path}.{RULES}[{index}]")
    for name, inner in (schema.get("properties") or {}).items():
        yield from check_expressions(inner, f"{path}.properties[{name}]")
    for part in ("items", "additionalProperties"):
        yield from check_expressions(schema.get(part), f"{path}.{part}")


def _check_expression(rule: Mapping[str, Any], path: str) -> Errors:
    if not cel.available():
        text = f"rules in CEL need a library on the embedded cluster: {cel.INSTALL}, then start the cluster anew"
        yield FieldError(FORBIDDEN, path, detail=text)
        return
    for field in ("rule", "messageExpression"):
        try:
            _compiled(str(rule[field])) if rule.get(field) else None
        except cel.CelError as error:
            yield FieldError(INVALID, f"{path}.{field}", _internal(rule), f"compilation failed: {error}")


def _internal(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule as Go prints its internal type."""
    texts = {name[0].upper() + name[1:]: rule.get(name, "") for name in ("rule", "message", "messageExpression")}
    more = {"Reason": rule.get("reason"), "FieldPath": rule.get("fieldPath", "")}
    return texts | more | {"OptionalOldSelf": rule.get("optionalOldSelf")}
