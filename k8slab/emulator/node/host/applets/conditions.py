"""``test``, ``[`` and ``[[`` (POSIX, test)."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.patterns import matches

_NUMBERS = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-gt": lambda a, b: a > b,
    "-le": lambda a, b: a <= b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
_BINARY = frozenset({*_NUMBERS, "=", "==", "!=", "<", ">", "-nt", "-ot", "-ef", "=~"})
_FILES = frozenset("bcdefghkLprsStuwx")


class _TestError(Exception):
    """The expression cannot be read."""


class _Test:
    def __init__(self, shell: Shell, words: list[str], *, extended: bool) -> None:
        self._shell = shell
        self._words = words
        self._place = 0
        self._extended = extended

    def value(self) -> bool:
        if not self._words:
            return False
        result = self._or()
        if self._place < len(self._words):
            raise _TestError(f"{self._words[self._place]}: unknown operand")
        return result

    def _peek(self, ahead: int = 0) -> str:
        index = self._place + ahead
        return self._words[index] if index < len(self._words) else ""

    def _or(self) -> bool:
        value = self._and()
        while self._peek() in ("-o", "||") and self._left() > 1:
            self._place += 1
            value = self._and() or value
        return value

    def _and(self) -> bool:
        value = self._not()
        while self._peek() in ("-a", "&&") and self._left() > 1:
            self._place += 1
            value = self._not() and value
        return value

    def _left(self) -> int:
        return len(self._words) - self._place

    def _not(self) -> bool:
        if self._peek() == "!" and self._left() > 1 and self._peek(1) not in _BINARY:
            self._place += 1
            return not self._not()
        return self._primary()

    def _primary(self) -> bool:
        if self._left() >= 3 and self._peek(1) in _BINARY:  # noqa: PLR2004 - value operator value
            left, operator, right = self._words[self._place : self._place + 3]
            self._place += 3
            return self._binary(left, operator, right)
        word = self._peek()
        if word == "(" and self._left() > 1:
            self._place += 1
            value = self._or()
            if self._peek() != ")":
                raise _TestError("closing paren expected")
            self._place += 1
            return value
        if re.fullmatch(r"-[a-zA-Z]", word) and self._left() > 1:
            self._place += 2
            return self._unary(word[1], self._words[self._place - 1])
        self._place += 1
        return bool(word)

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in _NUMBERS:
            return bool(_NUMBERS[operator](_integer(left), _integer(right)))
        if operator in ("-nt", "-ot", "-ef"):
            return self._newer(left, operator, right)
        if operator == "=~":
            return re.search(right, left) is not None
        if operator in ("<", ">"):
            return left < right if operator == "<" else left > right
        same = matches(left, right) if self._extended else left == right
        return same == (operator != "!=")

    def _newer(self, left: str, operator: str, right: str) -> bool:
        tree, cwd = self._shell.tree, self._shell.cwd
        if not tree.exists(left, cwd) or not tree.exists(right, cwd):
            return operator == "-nt" and tree.exists(left, cwd)
        first, second = tree.entry(left, cwd), tree.entry(right, cwd)
        if operator == "-ef":
            return first.inode == second.inode
        return (first.modified > second.modified) == (operator == "-nt") and first.modified != second.modified

    def _unary(self, flag: str, value: str) -> bool:
        if flag in "zn":
            return bool(value) == (flag == "n")
        if flag == "v":
            return self._shell.find(value) is not None
        if flag not in _FILES:
            raise _TestError(f"-{flag}: unknown operand")
        if flag == "t":
            return False
        return self._file(flag, value)

    def _file(self, flag: str, path: str) -> bool:
        tree, cwd = self._shell.tree, self._shell.cwd
        if flag in "hL":
            return bool(tree.link_target(path, cwd))
        if not path or not tree.exists(path, cwd):
            return False
        entry = tree.entry(path, cwd)
        kinds = {"d": stat.S_ISDIR, "f": stat.S_ISREG, "c": stat.S_ISCHR, "b": stat.S_ISBLK, "p": stat.S_ISFIFO,
                 "S": stat.S_ISSOCK}  # fmt: skip
        if flag in kinds:
            return kinds[flag](entry.mode)
        if flag == "s":
            return entry.size > 0
        if flag == "x":
            return bool(entry.mode & 0o111)
        return True


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
        raise _TestError(f"{text}: bad number")
    return int(text)


def _expression(arguments: list[str]) -> list[str]:
    closing = {"[": "]", "[[": "]]"}.get(arguments[0])
    if closing and arguments[-1] != closing:
        raise _TestError(f"missing {closing}")
    return arguments[1:-1] if closing else arguments[1:]


async def test(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``test``: 0 true, 1 false, 2 when the expression cannot be read."""
    try:
        return int(not _Test(shell, _expression(arguments), extended=arguments[0] == "[[").value())
    except (_TestError, re.error) as error:
        await streams.err(f"{shell.name}: {error}\n".encode())
        return 2


TABLE: Mapping[str, Applet] = {"test": test, "[": test, "[[": test}
