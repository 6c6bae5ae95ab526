"""awk's own functions (POSIX, awk: Functions)."""

from __future__ import annotations

import math
import random
import re
from abc import ABC, abstractmethod
from typing import Any

from k8slab.emulator.node.host.applets.awk.reader import Node
from k8slab.emulator.node.host.applets.awk.values import LooksNumeric, Value, formatted, number, text


class Functions(ABC):
    """The functions by name; the runner gives values, variables and fields."""

    _globals: dict[str, Any]
    _record: str
    _random: random.Random

    @abstractmethod
    def value(self, node: Node) -> Value:
        """Return the value of an expression."""

    @abstractmethod
    def split(self, record: str, separator: str) -> list[str]:
        """Split by a separator."""

    @abstractmethod
    def _array(self, name: str) -> dict[str, Value]: ...

    @abstractmethod
    def _scope(self, name: str) -> dict[str, Any]: ...

    @abstractmethod
    def _assign(self, target: Node, value: Value) -> Value: ...

    @abstractmethod
    def _expression_of(self, node: Node) -> re.Pattern[str]: ...

    def _fn_length(self, value: Node | None = None) -> Value:
        if value is None:
            return float(len(self._record))
        if value[0] == "var" and isinstance(self._scope(value[1]).get(value[1]), dict):
            return float(len(self._array(value[1])))
        return float(len(text(self.value(value))))

    def _fn_substr(self, value: Node, start: Node, length: Node | None = None) -> Value:
        whole, begin = text(self.value(value)), round(number(self.value(start)))
        end = begin + round(number(self.value(length))) if length is not None else len(whole) + 1
        return whole[max(begin, 1) - 1 : max(end - 1, 0)]

    def _fn_index(self, value: Node, part: Node) -> Value:
        return float(text(self.value(value)).find(text(self.value(part))) + 1)

    def _fn_split(self, value: Node, array: Node, separator: Node | None = None) -> Value:
        form = text(self._globals["FS"]) if separator is None else separator[1] if separator[0] == "regex" else (
            text(self.value(separator))
        )  # fmt: skip
        parts = self.split(text(self.value(value)), form)
        target = self._array(array[1])
        target.clear()
        target.update({str(index): LooksNumeric(part) for index, part in enumerate(parts, 1)})
        return float(len(parts))

    def _fn_sub(self, pattern: Node, by: Node, target: Node = ("field", ("number", 0.0))) -> Value:
        return self._replace(pattern, by, target, 1)

    def _fn_gsub(self, pattern: Node, by: Node, target: Node = ("field", ("number", 0.0))) -> Value:
        return self._replace(pattern, by, target, 0)

    def _replace(self, pattern: Node, by: Node, target: Node, count: int) -> Value:
        template = text(self.value(by))

        def fill(match: re.Match[str]) -> str:
            return re.sub(r"\\(.)|&", lambda m: m[1] or match[0], template)

        made, done = self._expression_of(pattern).subn(fill, text(self.value(target)), count=count)
        if done:
            self._assign(target, made)
        return float(done)

    def _fn_match(self, value: Node, pattern: Node) -> Value:
        found = self._expression_of(pattern).search(text(self.value(value)))
        start, length = (found.start() + 1, len(found[0])) if found else (0, -1)
        self._globals.update(RSTART=float(start), RLENGTH=float(length))
        return float(start)

    def _fn_sprintf(self, *values: Node) -> Value:
        found = [self.value(value) for value in values]
        return formatted(text(found[0]) if found else "", found[1:])

    def _fn_tolower(self, value: Node) -> Value:
        return text(self.value(value)).lower()

    def _fn_toupper(self, value: Node) -> Value:
        return text(self.value(value)).upper()

    def _fn_int(self, value: Node) -> Value:
        return float(int(number(self.value(value))))

    def _fn_sqrt(self, value: Node) -> Value:
        return math.sqrt(max(number(self.value(value)), 0.0))

    def _fn_exp(self, value: Node) -> Value:
        return math.exp(min(number(self.value(value)), 700.0))

    def _fn_log(self, value: Node) -> Value:
        amount = number(self.value(value))
        return math.log(amount) if amount > 0 else float("-inf")

    def _fn_sin(self, value: Node) -> Value:
        return math.sin(number(self.value(value)))

    def _fn_cos(self, value: Node) -> Value:
        return math.cos(number(self.value(value)))

    def _fn_atan2(self, first: Node, second: Node) -> Value:
        return math.atan2(number(self.value(first)), number(self.value(second)))

    def _fn_rand(self) -> Value:
        return self._random.random()

    def _fn_srand(self, value: Node | None = None) -> Value:
        self._random.seed(number(self.value(value)) if value is not None else None)
        return 0.0

    def _fn_close(self, value: Node) -> Value:
        self.value(value)
        return 0.0

    def _fn_fflush(self, *_values: Node) -> Value:
        return 0.0
