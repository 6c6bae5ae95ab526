"""expr: arithmetic, comparison and matching (POSIX, expr)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import UsageError, bytes_of
from k8slab.emulator.node.host.applets.regex import compiled
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.arithmetic import Evaluator, ExpressionError
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_LEVELS = (("|",), ("&",), ("=", "==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), (":",))
_NUMBER = re.compile(r"-?\d+")


class _Expression:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._place = 0

    def value(self) -> str:
        if not self._words:
            raise UsageError("syntax error")
        made = self._level(0)
        if self._place < len(self._words):
            raise UsageError("syntax error")
        return made

    def _peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def _level(self, level: int) -> str:
        if level == len(_LEVELS):
            return self._operand()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._peek()
            self._place += 1
            left = _applied(left, operator, self._level(level + 1))
        return left

    def _operand(self) -> str:
        word = self._peek()
        if self._place >= len(self._words):
            raise UsageError("syntax error")
        self._place += 1
        if word == "(":
            made = self._level(0)
            self._place += self._peek() == ")"
            return made
        if word == "length" and self._peek():
            return str(len(self._operand()))
        return word


def _applied(left: str, operator: str, right: str) -> str:
    if operator == "|":
        return left if left not in ("", "0") else right
    if operator == "&":
        return left if left not in ("", "0") and right not in ("", "0") else "0"
    if operator == ":":
        match = compiled(right, extended=False).match(left)
        if compiled(right, extended=False).groups:
            return (match[1] or "") if match else ""
        return str(len(match[0])) if match else "0"
    numbers = bool(_NUMBER.fullmatch(left) and _NUMBER.fullmatch(right))
    if operator in ("+", "-", "*", "/", "%"):
        if not numbers:
            raise UsageError("non-numeric argument")
        try:
            return str(Evaluator(f"({left}){operator}({right})", lambda _name: "", lambda _name, _value: None).value())
        except ExpressionError as error:
            raise UsageError("division by zero") from error
    first, second = (int(left), int(right)) if numbers else (left, right)
    operator = operator.replace("==", "=")
    order = (first > second) - (first < second)  # type: ignore[operator]
    return str(int({"=": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0,
                    ">=": order >= 0}[operator]))  # fmt: skip


async def expr(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the value of an expression; 1 when it is empty or zero, 2 when there is none."""
    try:
        value = _Expression(arguments[1:]).value()
    except UsageError as error:
        await streams.err(f"expr: {error}\n".encode())
        return 2
    await streams.out(bytes_of(f"{value}\n"))
    return int(value in ("", "0"))


TABLE: Mapping[str, Applet] = {"expr": expr}
