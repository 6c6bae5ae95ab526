"""Words to arguments: parameters, command substitution, arithmetic, field splitting, file names, quote removal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from k8slab.emulator.node.host.shell.arithmetic import Evaluator, ExpressionError
from k8slab.emulator.node.host.shell.braces import braced
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.host.shell.patterns import (
    escaped,
    has_magic,
    matching_names,
    replaced,
    unescaped,
    without,
)
from k8slab.emulator.node.host.shell.syntax import Arithmetic, Literal, Parameter, Part, Script, Substitution, Word

_UNSET = "parameter not set"


class ExpansionError(Exception):
    """A word has no value; the shell ends with status 2."""


class Variables(Protocol):
    """What expansion needs of the shell."""

    @property
    def tree(self) -> Tree:
        """Return the container's files."""
        ...

    @property
    def cwd(self) -> str:
        """Return the working folder."""
        ...

    def find(self, name: str) -> str | None:
        """Return a variable or special parameter; None when it is not set."""
        ...

    def positional(self) -> list[str]:
        """Return the arguments from the first on."""
        ...

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""
        ...

    def option(self, letter: str) -> bool:
        """Tell whether an option of ``set`` is on."""
        ...

    async def output_of(self, program: Script) -> str:
        """Return the output of a command substitution."""
        ...


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text of a word; ``split`` text came from an expansion, ``quoted`` text matches itself; a break parts ``"$@"``."""

    text: str
    quoted: bool = False
    split: bool = False
    is_break: bool = False


_BREAK = _Piece("", quoted=True, is_break=True)


class Expander:
    """Expands words with the variables of one shell."""

    def __init__(self, shell: Variables) -> None:
        self._shell = shell

    async def words(self, words: Sequence[Word]) -> list[str]:
        """Return the arguments that words become."""
        made: list[str] = []
        for word in words:
            for part in braced(word) if self._shell.option("B") else [word]:
                for field in self._fields(await self._pieces(self._with_home(part))):
                    made += self._file_names(field)
        return made

    async def text(self, word: Word) -> str:
        """Return the one text that a word becomes (assignments, file names, here-documents)."""
        pieces = await self._pieces(self._with_home(word))
        return "".join(" " if piece.is_break else piece.text for piece in pieces)

    async def pattern(self, word: Word) -> str:
        """Return a word as a pattern: quoted characters match themselves."""
        return _pattern(await self._pieces(word))

    def _with_home(self, word: Word) -> Word:
        first = word[0] if word else None
        if isinstance(first, Literal) and not first.quoted and re.match(r"~(/|$)", first.text):
            home = self._shell.find("HOME") or "/root"
            return (Literal(home, quoted=True), Literal(first.text[1:]), *word[1:])
        return word

    async def _pieces(self, word: Word) -> list[_Piece]:
        made: list[_Piece] = []
        for part in word:
            made += await self._part(part)
        return made

    async def _part(self, part: Part) -> list[_Piece]:
        if isinstance(part, Literal):
            return [_Piece(part.text, part.quoted)]
        if isinstance(part, Substitution):
            text = (await self._shell.output_of(part.program)).rstrip("\n")
            return [_Piece(text, part.quoted, not part.quoted)]
        if isinstance(part, Arithmetic):
            return [_Piece(str(self.arithmetic(await self.text(part.expression))), part.quoted, not part.quoted)]
        return await self._parameter(part)

    def arithmetic(self, text: str) -> int:
        """Return the value of an expression; raises ``ExpansionError``."""
        try:
            return Evaluator(text, lambda name: self._shell.find(name) or "", self._shell.assign).value()
        except ExpressionError as error:
            raise ExpansionError(str(error)) from error

    async def _parameter(self, part: Parameter) -> list[_Piece]:
        name, operator = part.name, part.operator
        if operator == "" and name in ("@", "*"):
            return self._arguments(name, quoted=part.quoted)
        value = " ".join(self._shell.positional()) if name in ("@", "*") else self._shell.find(name)
        if operator == "#len":
            count = len(self._shell.positional()) if name in ("@", "*") else len(self._needed(name, value))
            return [_Piece(str(count), part.quoted, not part.quoted)]
        if operator.rstrip("-=+?") in ("", ":") and operator not in ("", ":"):
            return await self._conditional(part, value)
        text = self._needed(name, value)
        if operator:
            text = await self._cut(text, operator, part.word)
        return [_Piece(text, part.quoted, not part.quoted)]

    def _needed(self, name: str, value: str | None) -> str:
        if value is None and self._shell.option("u") and name not in ("@", "*"):
            raise ExpansionError(f"{name}: {_UNSET}")
        return value or ""

    def _arguments(self, name: str, *, quoted: bool) -> list[_Piece]:
        values = self._shell.positional()
        if quoted and name == "*":
            separator = self._shell.find("IFS")
            return [_Piece((" " if separator is None else separator[:1]).join(values), quoted=True)]
        made: list[_Piece] = []
        for value in values:
            made += [_BREAK] if made else []
            made.append(_Piece(value, quoted, not quoted))
        return made

    async def _conditional(self, part: Parameter, value: str | None) -> list[_Piece]:
        absent = value is None or (part.operator.startswith(":") and not value)
        action = part.operator[-1]
        if action == "+":
            return [] if absent else await self._operand(part)
        if not absent:
            return [_Piece(value or "", part.quoted, not part.quoted)]
        if action == "?":
            words = "".join(piece.text for piece in await self._pieces(part.word))
            raise ExpansionError(f"{part.name}: {words or _UNSET}")
        if action == "=":
            made = await self.text(part.word)
            self._shell.assign(part.name, made)
            return [_Piece(made, part.quoted, not part.quoted)]
        return await self._operand(part)

    async def _operand(self, part: Parameter) -> list[_Piece]:
        pieces = await self._pieces(self._with_home(part.word))
        if part.quoted:
            return [piece if piece.is_break else _Piece(piece.text, quoted=True) for piece in pieces] or [
                _Piece("", True)
            ]
        return [piece if piece.quoted else _Piece(piece.text, split=True) for piece in pieces]

    async def _cut(self, value: str, operator: str, word: Word) -> str:
        if operator == ":":
            return self._slice(value, await self.text(word))
        if operator[0] == "/":
            return await self._replaced(value, word, everywhere=len(operator) > 1)
        pattern = await self.pattern(word)
        return without(value, pattern, suffix=operator[0] == "%", longest=len(operator) > 1)

    def _slice(self, value: str, text: str) -> str:
        first, colon, second = text.partition(":")
        start = self.arithmetic(first)
        start = max(len(value) + start, 0) if start < 0 else start
        if not colon:
            return value[start:]
        length = self.arithmetic(second)
        return value[start : length if length < 0 else start + length]

    async def _replaced(self, value: str, word: Word, *, everywhere: bool) -> str:
        pieces = await self._pieces(word)
        pattern, by, found = "", "", False
        for piece in pieces:
            if found:
                by += piece.text
            elif piece.quoted or "/" not in piece.text:
                pattern += escaped(piece.text) if piece.quoted else piece.text
            else:
                before, _, after = piece.text.partition("/")
                pattern, by, found = pattern + before, after, True
        return replaced(value, pattern, by, everywhere=everywhere)

    # --- fields ---

    def _fields(self, pieces: Sequence[_Piece]) -> list[list[_Piece]]:
        separators = self._shell.find("IFS")
        splitter = _Splitter(" \t\n" if separators is None else separators)
        for piece in pieces:
            splitter.take(piece)
        return splitter.finish()

    def _file_names(self, field: list[_Piece]) -> list[str]:
        pattern = _pattern(field)
        text = "".join(piece.text for piece in field)
        if self._shell.option("f") or not has_magic(pattern):
            return [text]
        return self._matched(pattern) or [text]

    def _matched(self, pattern: str) -> list[str]:
        found = ["/" if pattern.startswith("/") else ""]
        parts = [part for part in pattern.split("/") if part]
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            found = [name for folder in found for name in self._step(folder, part, last=last)]
        return found

    def _step(self, folder: str, part: str, *, last: bool) -> list[str]:
        tree, cwd = self._shell.tree, self._shell.cwd
        if has_magic(part):
            names = matching_names(tree.names(folder or ".", cwd), part)
        else:
            names = [unescaped(part)] if tree.exists(folder + unescaped(part), cwd) else []
        if last:
            return [folder + name for name in names]
        return [f"{folder}{name}/" for name in names if tree.is_folder(folder + name, cwd)]


class _Splitter:
    """Field splitting (POSIX, 2.6.5)."""

    def __init__(self, separators: str) -> None:
        self._blank = "".join(char for char in separators if char in " \t\n")
        self._other = "".join(char for char in separators if char not in " \t\n")
        self._fields: list[list[_Piece]] = []
        self._current: list[_Piece] | None = None

    def take(self, piece: _Piece) -> None:
        """Add a piece of the word."""
        if piece.is_break:
            self._end()
        elif not piece.split:
            if piece.text or piece.quoted:
                self._add(piece)
        else:
            self._split(piece.text)

    def _split(self, text: str) -> None:
        for char in text:
            if char in self._blank:
                if self._current is not None:
                    self._end()
            elif char in self._other:
                if self._current is None:
                    self._fields.append([])
                self._end()
            else:
                self._add(_Piece(char))

    def _add(self, piece: _Piece) -> None:
        if self._current is None:
            self._current = []
        self._current.append(piece)

    def _end(self) -> None:
        if self._current is not None:
            self._fields.append(self._current)
        self._current = None

    def finish(self) -> list[list[_Piece]]:
        """Return the fields."""
        self._end()
        return self._fields


def _pattern(pieces: Sequence[_Piece]) -> str:
    return "".join(escaped(piece.text) if piece.quoted else piece.text for piece in pieces)
