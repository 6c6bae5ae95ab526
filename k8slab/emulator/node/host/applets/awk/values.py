"""awk's values: numbers, texts, and texts from the input that compare as numbers; ``printf``."""

from __future__ import annotations

import math
import re
from typing import Any

from k8slab.emulator.node.host.applets.arguments import UsageError

_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_CONVERSION = re.compile(r"%(%|([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?([a-zA-Z]))")
COMPARISONS = frozenset({"<", "<=", "==", "!=", ">", ">="})


class LooksNumeric(str):
    """Text from the input: it compares as a number when it is one."""

    __slots__ = ()


Value = float | str


def number(value: Value) -> float:
    """Return a value as a number."""
    if isinstance(value, float):
        return value
    match = _NUMBER.match(value)
    return float(match[1]) if match else 0.0


def text(value: Value, form: str = "%.6g") -> str:
    """Return a value as text; whole numbers without a fraction."""
    if isinstance(value, str):
        return str(value)
    if math.isnan(value) or math.isinf(value):
        return str(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else form % value  # noqa: PLR2004


def is_number(value: Value) -> bool:
    """Tell whether a value compares as a number."""
    if isinstance(value, float):
        return True
    if not isinstance(value, LooksNumeric):
        return False
    match = _NUMBER.match(value)
    return value == "" or (match is not None and not value[match.end() :].strip())


def compared(left: Value, operator: str, right: Value) -> bool:
    """Compare two values: as numbers where both are, else as texts."""
    first: Any = text(left)
    second: Any = text(right)
    if is_number(left) and is_number(right):
        first, second = number(left), number(right)
    order = int(first > second) - int(first < second)
    found = {"<": order < 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0, ">=": order >= 0}
    return found[operator]


def calculated(operator: str, left: float, right: float) -> float:
    """Return the result of an operator; raises ``UsageError``."""
    if operator in "/%" and right == 0:
        raise UsageError("cmd. line:1: Division by zero")
    if operator == "^":
        try:
            return float(left**right)
        except (OverflowError, ZeroDivisionError):
            return math.inf
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1),
            "%": math.fmod(left, right or 1)}[operator]  # fmt: skip


def formatted(template: str, values: list[Value]) -> str:
    """Return what ``printf`` makes of a template and values."""
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        width = str(int(number(rest.pop(0)))) if match[3] == "*" and rest else match[3] or ""
        precision = str(int(number(rest.pop(0)))) if match[4] == "*" and rest else match[4]
        form = f"%{match[2]}{width[:4]}" + (f".{precision[:3]}" if precision is not None else "")
        value: Value = rest.pop(0) if rest else ""
        kind = match[5]
        if kind in "diouxX":
            return (form + ("d" if kind in "iu" else kind)) % int(number(value))
        if kind in "eEfFgG":
            return (form + kind) % number(value)
        if kind == "c":
            return (form + "s") % (chr(int(value)) if isinstance(value, float) else value[:1])
        return (form + "s") % text(value)

    return _CONVERSION.sub(fill, template)
