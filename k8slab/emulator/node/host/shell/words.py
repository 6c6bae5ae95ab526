"""Reads words: quotes, parameters, command substitution, arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable

from k8slab.emulator.node.host.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    Script,
    ShellSyntaxError,
    Substitution,
    Word,
)

_NAME = re.compile(r"[A-Za-z_]\w*|[0-9?#@*$!-]")
_BRACED = re.compile(r"[A-Za-z_]\w*|\d+|[?#@*$!-]")
_OPERATOR = re.compile(r":?[-=+?]|%%?|##?|//?|:")
_ENDS = " \t\n;&|<>()"
# Reads a program from a text at a place up to the closing parenthesis; returns it and the place after it.
ReadProgram = Callable[[str, int], tuple[Script, int]]


class WordReader:
    """Reads one word of ``text`` after another."""

    def __init__(self, text: str, program: ReadProgram) -> None:
        self._text = text
        self._program = program

    def word(self, place: int, ends: str = _ENDS) -> tuple[Word, int]:
        """Return the word that starts here and the place after it."""
        parts: list[Part] = []
        while place < len(self._text) and self._text[place] not in ends:
            found, place = self._part(place)
            parts += found
        return _joined(parts), place

    def _part(self, place: int) -> tuple[list[Part], int]:
        char = self._text[place]
        if char == "\\":
            follows = self._text[place + 1 : place + 2]
            return ([] if follows == "\n" else [Literal(follows, quoted=True)]), place + 2
        if char == "'":
            end = self._text.find("'", place + 1)
            if end < 0:
                raise ShellSyntaxError("syntax error: unterminated quoted string")
            return [Literal(self._text[place + 1 : end], quoted=True)], end + 1
        if char == '"':
            word, place = self.quoted(place + 1, '"')
            return list(word) or [Literal("", quoted=True)], place + 1
        if char in "$`":
            part, place = self._dollar(place, quoted=False)
            return [part], place
        return [Literal(char)], place + 1

    def quoted(self, place: int, end: str) -> tuple[Word, int]:
        """Read as between double quotes up to ``end`` (empty: to the end of the text)."""
        parts: list[Part] = []
        text = self._text
        while place < len(text) and (not end or text[place] != end):
            if text[place] == "\\" and text[place + 1 : place + 2] in ("$", "`", "\\", "\n", end or "$"):
                parts += [] if text[place + 1] == "\n" else [Literal(text[place + 1], quoted=True)]
                place += 2
            elif text[place] in "$`":
                part, place = self._dollar(place, quoted=True)
                parts.append(part)
            else:
                parts.append(Literal(text[place], quoted=True))
                place += 1
        if end and place >= len(text):
            raise ShellSyntaxError("syntax error: unterminated quoted string")
        return _joined(parts), place

    def _dollar(self, place: int, *, quoted: bool) -> tuple[Part, int]:
        text = self._text
        if text[place] == "`":
            return self._backquoted(place, quoted=quoted)
        if text.startswith("$((", place):
            found = self._arithmetic(place + 3)
            if found is not None:
                return Arithmetic(found[0], quoted), found[1]
        if text.startswith("$(", place):
            program, end = self._program(text, place + 2)
            return Substitution(program, quoted), end
        if text.startswith("${", place):
            return self._braced(place + 2, quoted=quoted)
        name = _NAME.match(text, place + 1)
        if name is None:
            return Literal("$", quoted), place + 1
        return Parameter(name[0], quoted=quoted), name.end()

    def _backquoted(self, place: int, *, quoted: bool) -> tuple[Part, int]:
        end, made = place + 1, ""
        escaped = '$`\\"' if quoted else "$`\\"
        while end < len(self._text) and self._text[end] != "`":
            if self._text[end] == "\\" and self._text[end + 1 : end + 2] in escaped:
                end += 1
            made += self._text[end : end + 1]
            end += 1
        if end >= len(self._text):
            raise ShellSyntaxError("syntax error: EOF in backquote substitution")
        program, _ = self._program(made + ")", 0)
        return Substitution(program, quoted), end + 1

    def _arithmetic(self, place: int) -> tuple[Word, int] | None:
        """Return the expression up to ``))``; None when it is a subshell in a substitution after all."""
        depth, end = 0, place
        while end < len(self._text):
            if self._text.startswith("))", end) and depth == 0:
                inner = WordReader(self._text[place:end], self._program)
                return inner.quoted(0, "")[0], end + 2
            depth += (self._text[end] == "(") - (self._text[end] == ")")
            if depth < 0:
                return None
            end += 1
        raise ShellSyntaxError("syntax error: unterminated quoted string")

    def _braced(self, place: int, *, quoted: bool) -> tuple[Part, int]:
        text = self._text
        if text.startswith("#", place) and text[place + 1 : place + 2] not in ("}", ""):
            name = _BRACED.match(text, place + 1)
            if name is None or text[name.end() : name.end() + 1] != "}":
                raise ShellSyntaxError("syntax error: bad substitution")
            return Parameter(name[0], "#len", quoted=quoted), name.end() + 1
        name = _BRACED.match(text, place)
        if name is None:
            raise ShellSyntaxError("syntax error: bad substitution")
        place = name.end()
        operator = _OPERATOR.match(text, place)
        if operator is None:
            if text[place : place + 1] != "}":
                raise ShellSyntaxError("syntax error: bad substitution")
            return Parameter(name[0], quoted=quoted), place + 1
        pattern = operator[0][0] in "%#/"
        word, place = self._operand(operator.end(), quoted=quoted and not pattern)
        return Parameter(name[0], operator[0], word, quoted), place + 1

    def _operand(self, place: int, *, quoted: bool) -> tuple[Word, int]:
        if not quoted:
            found = self.word(place, "}")
        else:
            parts: list[Part] = []
            while place < len(self._text) and self._text[place] != "}":
                if self._text[place] == '"':
                    inner, place = self.quoted(place + 1, '"')
                    parts += inner
                    place += 1
                elif self._text[place] in "$`":
                    part, place = self._dollar(place, quoted=True)
                    parts.append(part)
                else:
                    place += self._text[place] == "\\"
                    parts.append(Literal(self._text[place : place + 1], quoted=True))
                    place += 1
            found = _joined(parts), place
        if found[1] >= len(self._text):
            raise ShellSyntaxError("syntax error: unterminated quoted string")
        return found


def _joined(parts: list[Part]) -> Word:
    """Join neighbouring texts of the same kind."""
    made: list[Part] = []
    for part in parts:
        last = made[-1] if made else None
        if isinstance(part, Literal) and isinstance(last, Literal) and part.quoted == last.quoted:
            made[-1] = Literal(last.text + part.text, part.quoted)
        else:
            made.append(part)
    return tuple(made)


def unquoted_text(word: Word) -> str:
    """Return the literal text of a word, quotes removed (the delimiter of a here-document)."""
    return "".join(part.text for part in word if isinstance(part, Literal))


def quoted(word: str) -> str:
    """Return a word as one could type it."""
    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else "'" + word.replace("'", "'\\''") + "'"
