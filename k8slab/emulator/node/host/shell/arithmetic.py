"""Shell arithmetic: 64-bit integers with C's operators (POSIX, 2.6.4)."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|[-+*/%&|^]=|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-+*/%<>=!~&|^?:(),])"
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="), ("<<", ">>"), ("+", "-"),
    ("*", "/", "%"), ("**",),
)  # fmt: skip
_ASSIGN = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})
_DEEPEST = 32


class ExpressionError(Exception):
    """The expression has no value; the text is the shell's message."""


def _wrap(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ExpressionError("divide by zero")
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


_BINARY: dict[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b, "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b), "<": lambda a, b: int(a < b), "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b), "<<": lambda a, b: a << (b & 63),
    ">>": lambda a, b: a >> (b & 63), "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": _divide, "%": lambda a, b: a - b * _divide(a, b), "**": lambda a, b: pow(a, min(b, 64)) if b >= 0 else 0,
}  # fmt: skip


def number_of(text: str) -> int:
    """Return the number of a constant (decimal, octal, hexadecimal); raises ``ExpressionError``."""
    try:
        if text.lower().startswith(("0x", "-0x")):
            return int(text, 16)
        return int(text, 8) if re.fullmatch(r"-?0\d+", text) else int(text)
    except ValueError as error:
        raise ExpressionError("arithmetic syntax error") from error


class Evaluator:
    """Evaluates one expression; ``get`` and ``assign`` reach the shell's variables."""

    def __init__(
        self, text: str, get: Callable[[str], str], assign: Callable[[str, str], None], depth: int = 0
    ) -> None:
        self._get = get
        self._assign = assign
        self._depth = depth
        self._tokens = self._split(text)
        self._place = 0
        self._live = True

    @staticmethod
    def _split(text: str) -> list[str]:
        found, place = [], 0
        text = text.strip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise ExpressionError("arithmetic syntax error")
            found.append(match[1])
            place = match.end()
        return found

    def value(self) -> int:
        """Return the value; raises ``ExpressionError``."""
        if not self._tokens:
            return 0
        result = self._comma()
        if self._place < len(self._tokens):
            raise ExpressionError("arithmetic syntax error")
        return result

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._place += 1
        return token

    def _comma(self) -> int:
        value = self._ternary()
        while self._peek() == ",":
            self._take()
            value = self._ternary()
        return value

    def _ternary(self) -> int:
        condition = self._binary(0)
        if self._peek() != "?":
            return condition
        self._take()
        first = self._branch(taken=bool(condition))
        if self._take() != ":":
            raise ExpressionError("malformed ?: operator")
        second = self._branch(taken=not condition)
        return first if condition else second

    def _branch(self, *, taken: bool) -> int:
        live, self._live = self._live, self._live and taken
        value = self._ternary()
        self._live = live
        return value

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._take()
            if operator in ("&&", "||"):
                live, self._live = self._live, self._live and bool(value) == (operator == "&&")
                right = self._binary(level + 1)
                self._live = live
                value = int(bool(value) and bool(right)) if operator == "&&" else int(bool(value) or bool(right))
            else:
                right = self._binary(level if operator == "**" else level + 1)
                value = _wrap(_BINARY[operator](value, right)) if self._live else 0
        return value

    def _unary(self) -> int:
        token = self._take()
        if token in ("-", "+", "!", "~"):
            value = self._unary()
            return {"-": -value, "+": value, "!": int(not value), "~": ~value}[token]
        if token in ("++", "--"):
            name = self._take()
            return self._store(name, self._variable(name) + (1 if token == "++" else -1))  # noqa: S105 - an operator
        if token == "(":  # noqa: S105 - a parenthesis
            value = self._comma()
            if self._take() != ")":
                raise ExpressionError("arithmetic syntax error")
            return value
        if re.match(r"[A-Za-z_]", token):
            return self._named(token)
        if not token[:1].isdigit():
            raise ExpressionError("arithmetic syntax error")
        return _wrap(number_of(token))

    def _named(self, name: str) -> int:
        operator = self._peek()
        if operator in _ASSIGN:
            self._take()
            right = self._ternary()
            value = right if operator == "=" else _BINARY[operator[:-1]](self._variable(name), right)
            return self._store(name, value)
        value = self._variable(name)
        if operator in ("++", "--"):
            self._take()
            self._store(name, value + (1 if operator == "++" else -1))
        return value

    def _store(self, name: str, value: int) -> int:
        if self._live:
            self._assign(name, str(_wrap(value)))
        return _wrap(value)

    def _variable(self, name: str) -> int:
        text = self._get(name).strip()
        if not text:
            return 0
        if re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|\d+)", text):
            return number_of(text)
        if self._depth > _DEEPEST:
            raise ExpressionError("expression recursion loop detected")
        return Evaluator(text, self._get, self._assign, self._depth + 1).value()
