"""Runs an awk program over lines."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import Any

from k8slab.emulator.node.host.applets.arguments import UsageError
from k8slab.emulator.node.host.applets.awk.functions import Functions
from k8slab.emulator.node.host.applets.awk.reader import Node, Program
from k8slab.emulator.node.host.applets.awk.values import (
    COMPARISONS,
    LooksNumeric,
    Value,
    calculated,
    compared,
    formatted,
    is_number,
    number,
    text,
)
from k8slab.emulator.node.host.applets.regex import compiled

_SPECIAL: tuple[Node, ...] = (("begin",), ("end",))
_MOST_STEPS = 20_000_000
_DEEPEST = 200


class _Flow(Exception):  # noqa: N818 - these are turns in the program, not errors
    pass


class _Break(_Flow):
    pass


class _Continue(_Flow):
    pass


class _Next(_Flow):
    pass


class _Return(_Flow):
    def __init__(self, value: Value) -> None:
        self.value = value


class Exit(_Flow):
    """``exit``."""


class Runner(Functions):
    """Holds variables and runs rules. ``out`` collects what is printed; ``write`` takes what goes to a file."""

    def __init__(self, program: Program, variables: dict[str, str], write: Callable[[str, str, bool], None]) -> None:
        self._program = program
        self._write = write
        self.out: list[str] = []
        self.code = 0
        self._globals: dict[str, Any] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "NF": 0.0, "FNR": 0.0, "SUBSEP": "\x1c",
            "CONVFMT": "%.6g", "OFMT": "%.6g", "FILENAME": "", "RSTART": 0.0, "RLENGTH": -1.0, "ENVIRON": {},
        }  # fmt: skip
        self._globals.update({name: LooksNumeric(value) for name, value in variables.items()})
        self._locals: list[dict[str, Any]] = []
        self._record = ""
        self._fields: list[Value] = []
        self._open: set[int] = set()
        self._steps = 0
        self._random = random.Random(0)  # noqa: S311 - awk's own generator starts from 0

    def set(self, name: str, value: Any) -> None:
        """Set a global variable."""
        self._globals[name] = value

    def get(self, name: str) -> Any:
        """Return a global variable."""
        return self._globals.get(name, "")

    # --- rules ---

    def special(self, kind: str) -> None:
        """Run the ``begin`` or ``end`` rules; raises ``Exit``."""
        for pattern, body in self._program.rules:
            if pattern is not None and pattern[0] == kind and body is not None:
                try:
                    self._block(body)
                except _Next:
                    continue

    def wants_input(self) -> bool:
        """Tell whether there is anything but ``BEGIN``."""
        return any(pattern is None or pattern[0] != "begin" for pattern, _ in self._program.rules)

    def line(self, record: str) -> None:
        """Run the rules on one record; raises ``Exit``."""
        self._globals["NR"] += 1.0
        self._globals["FNR"] += 1.0
        self._split_record(record)
        try:
            for pattern, body in self._program.rules:
                if pattern in _SPECIAL or not self._selected(pattern):
                    continue
                if body is None:
                    self.out.append(self._record + text(self._globals["ORS"]))
                else:
                    self._block(body)
        except _Next:
            return

    def _selected(self, pattern: Node | None) -> bool:
        if pattern is None:
            return True
        if pattern[0] != "range":
            return self._true(self.value(pattern))
        identity = int(pattern[3])
        if identity not in self._open:
            if not self._true(self.value(pattern[1])):
                return False
            self._open.add(identity)
        if self._true(self.value(pattern[2])):
            self._open.discard(identity)
        return True

    # --- fields ---

    def _split_record(self, record: str) -> None:
        self._record = record
        self._fields = [LooksNumeric(part) for part in self.split(record, text(self._globals["FS"]))]
        self._globals["NF"] = float(len(self._fields))

    def split(self, record: str, separator: str) -> list[str]:
        """Split by a separator: blanks, one character, or an expression."""
        if separator == " ":
            return record.split()
        if not record:
            return []
        if len(separator) == 1 and separator != "\\":
            return record.split(separator)
        return re.split(compiled(separator, extended=True), record) if separator else list(record)

    def _field(self, index: int) -> Value:
        if index == 0:
            return LooksNumeric(self._record)
        return self._fields[index - 1] if 0 < index <= len(self._fields) else LooksNumeric("")

    def _set_field(self, index: int, value: Value) -> None:
        if index == 0:
            self._split_record(text(value))
            return
        while len(self._fields) < index:
            self._fields.append("")
        self._fields[index - 1] = value
        self._globals["NF"] = float(len(self._fields))
        self._rebuild()

    def _rebuild(self) -> None:
        self._record = text(self._globals["OFS"]).join(text(field) for field in self._fields)

    # --- statements ---

    def _block(self, body: Iterable[Node]) -> None:
        for statement in body:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise UsageError("the program runs too long for the embedded cluster")
            getattr(self, f"_do_{statement[0]}")(*statement[1:])

    def _do_do(self, expression: Node) -> None:
        self.value(expression)

    def _do_block(self, body: list[Node]) -> None:
        self._block(body)

    def _do_if(self, condition: Node, then: list[Node], otherwise: list[Node]) -> None:
        self._block(then if self._true(self.value(condition)) else otherwise)

    def _turn(self, body: list[Node]) -> bool:
        try:
            self._block(body)
        except _Break:
            return False
        except _Continue:
            return True
        self._steps += 1
        return True

    def _do_while(self, condition: Node, body: list[Node]) -> None:
        while self._true(self.value(condition)) and self._turn(body or [("do", ("number", 0.0))]):
            pass

    def _do_dowhile(self, condition: Node, body: list[Node]) -> None:
        while self._turn(body) and self._true(self.value(condition)):
            pass

    def _do_for(self, first: Node | None, condition: Node | None, step: Node | None, body: list[Node]) -> None:
        if first is not None:
            self._block([first])
        while condition is None or self._true(self.value(condition[1])):
            if not self._turn(body):
                break
            if step is not None:
                self._block([step])

    def _do_forin(self, name: str, array: str, body: list[Node]) -> None:
        for key in list(self._array(array)):
            self._assign(("var", name), LooksNumeric(key))
            if not self._turn(body):
                break

    def _do_delete(self, name: str, subscript: list[Node] | None) -> None:
        if subscript is None:
            self._array(name).clear()
        else:
            self._array(name).pop(self._key(subscript), None)

    def _do_break(self) -> None:
        raise _Break

    def _do_continue(self) -> None:
        raise _Continue

    def _do_next(self) -> None:
        raise _Next

    def _do_exit(self, value: Node | None) -> None:
        self.code = int(number(self.value(value))) if value is not None else self.code
        raise Exit

    def _do_return(self, value: Node | None) -> None:
        raise _Return(self.value(value) if value is not None else "")

    def _do_print(self, values: list[Node], target: Node | None) -> None:
        shown = [text(self.value(value), text(self._globals["OFMT"])) for value in values] or [self._record]
        self._emit(text(self._globals["OFS"]).join(shown) + text(self._globals["ORS"]), target)

    def _do_printf(self, values: list[Node], target: Node | None) -> None:
        found = [self.value(value) for value in values]
        self._emit(formatted(text(found[0]) if found else "", found[1:]), target)

    def _emit(self, made: str, target: Node | None) -> None:
        if target is None:
            self.out.append(made)
        elif target[0] == "|":
            raise UsageError("pipes of print are not part of this awk")
        else:
            name = text(self.value(target[1]))
            if name == "/dev/stdout":
                self.out.append(made)
            else:
                self._write(name, made, target[0] == ">>")

    # --- expressions ---

    def _true(self, value: Value) -> bool:
        if isinstance(value, LooksNumeric) and is_number(value):
            return number(value) != 0
        return value != "" if isinstance(value, str) else value != 0

    def value(self, node: Node) -> Value:
        """Return the value of an expression."""
        made: Value = getattr(self, f"_of_{_NAMES.get(node[0], node[0])}")(*node[1:])
        return made

    def _of_number(self, value: float) -> Value:
        return value

    def _of_string(self, value: str) -> Value:
        return value

    def _of_regex(self, pattern: str) -> Value:
        return float(compiled(pattern, extended=True).search(self._record) is not None)

    def _of_paren(self, inner: Node) -> Value:
        return self.value(inner)

    def _of_group(self, values: list[Node]) -> Value:
        return text(self._globals["SUBSEP"]).join(text(self.value(value)) for value in values)

    def _scope(self, name: str) -> dict[str, Any]:
        return self._locals[-1] if self._locals and name in self._locals[-1] else self._globals

    def _of_var(self, name: str) -> Value:
        found = self._scope(name).get(name, LooksNumeric(""))
        return "" if isinstance(found, dict) or found is None else found

    def _array(self, name: str) -> dict[str, Value]:
        scope = self._scope(name)
        if not isinstance(scope.get(name), dict):
            scope[name] = {}
        found: dict[str, Value] = scope[name]
        return found

    def _key(self, subscript: list[Node]) -> str:
        return text(self._globals["SUBSEP"]).join(text(self.value(part)) for part in subscript)

    def _of_item(self, name: str, subscript: list[Node]) -> Value:
        return self._array(name).setdefault(self._key(subscript), LooksNumeric(""))

    def _of_field(self, index: Node) -> Value:
        return self._field(int(number(self.value(index))))

    def _of_in(self, subscript: list[Node], array: str) -> Value:
        return float(self._key(subscript) in self._array(array))

    def _assign(self, target: Node, value: Value) -> Value:
        if target[0] == "field":
            self._set_field(int(number(self.value(target[1]))), value)
        elif target[0] == "item":
            self._array(target[1])[self._key(target[2])] = value
        else:
            self._scope(target[1])[target[1]] = value
            if target[1] == "NF":
                count = int(number(value))
                self._fields = [*self._fields[:count], *[""] * (count - len(self._fields))]
                self._rebuild()
        return value

    def _of_assign(self, operator: str, target: Node, right: Node) -> Value:
        value = self.value(right)
        if operator != "=":
            value = calculated(operator[:-1], number(self.value(target)), number(value))
        return self._assign(target, value)

    def _of_change(self, operator: str, target: Node, before: bool) -> Value:
        old = number(self.value(target))
        new = old + (1 if operator == "++" else -1)
        self._assign(target, new)
        return new if before else old

    def _of_ternary(self, condition: Node, first: Node, second: Node) -> Value:
        return self.value(first if self._true(self.value(condition)) else second)

    def _of_unary(self, operator: str, operand: Node) -> Value:
        value = self.value(operand)
        if operator == "!":
            return float(not self._true(value))
        return -number(value) if operator == "-" else number(value)

    def _of_binary(self, operator: str, left: Node, right: Node) -> Value:
        if operator in ("&&", "||"):
            first = self._true(self.value(left))
            return float(first if first == (operator == "||") else self._true(self.value(right)))
        if operator in ("~", "!~"):
            return float((self._expression_of(right).search(text(self.value(left))) is not None) == (operator == "~"))
        first_value, second_value = self.value(left), self.value(right)
        if operator == "concat":
            form = text(self._globals["CONVFMT"])
            return text(first_value, form) + text(second_value, form)
        if operator in COMPARISONS:
            return float(compared(first_value, operator, second_value))
        return calculated(operator, number(first_value), number(second_value))

    def _expression_of(self, node: Node) -> re.Pattern[str]:
        return compiled(node[1] if node[0] == "regex" else text(self.value(node)), extended=True)

    # --- functions ---

    def _of_call(self, name: str, values: list[Node]) -> Value:
        if name in self._program.functions:
            return self._own(name, values)
        found = getattr(self, f"_fn_{name}", None)
        if found is None:
            raise UsageError("cmd. line:1: Call to undefined function")
        made: Value = found(*values)
        return made

    def _own(self, name: str, values: list[Node]) -> Value:
        if len(self._locals) > _DEEPEST:
            raise UsageError("functions call each other too deeply")
        names, body = self._program.functions[name]
        scope: dict[str, Any] = {}
        for index, parameter in enumerate(names):
            node = values[index] if index < len(values) else None
            if node is not None and node[0] == "var" and isinstance(self._scope(node[1]).get(node[1]), dict):
                scope[parameter] = self._array(node[1])
            else:
                scope[parameter] = self.value(node) if node is not None else LooksNumeric("")
        self._locals.append(scope)
        try:
            self._block(body)
        except _Return as result:
            return result.value
        finally:
            self._locals.pop()
        return ""


_NAMES = {"if?": "ternary"}
