"""Shell text to a tree: lists, pipes, redirections, if, while, until, for, groups (POSIX, Shell Command Language)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_OPERATORS = ("&&", "||", ";;", ">>", "2>&1", ">&2", "1>&2", "2>", "&>", ";", "|", "&", "(", ")", "<", ">", "\n")
_REDIRECTIONS = (">", ">>", "<", "2>", "&>")
_MERGES = ("2>&1", ">&2", "1>&2")
_CLOSING = frozenset({"then", "do", "done", "fi", "else", "elif", "}", ")", ";;", "esac"})


class ShellSyntaxError(Exception):
    """The text is not a shell program."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A control or redirection operator."""

    text: str


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections; words keep their quotes for expansion."""

    words: tuple[str, ...]
    redirections: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Compound:
    """``if``, ``while``, ``until``, ``for`` or a group; ``parts`` are condition and body lists in order."""

    kind: str
    parts: tuple[Script, ...]
    name: str = ""
    words: tuple[str, ...] = ()
    redirections: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes; ``negated`` by ``!``."""

    commands: tuple[Simple | Compound, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """Pipelines, each with the operator before it (``;``, ``&&``, ``||``) and whether it runs behind (``&``)."""

    items: tuple[tuple[str, Pipeline, bool], ...] = field(default=())


Token = str | Operator


def tokens(text: str) -> list[Token]:
    """Split a program into words (with their quotes) and operators."""
    found: list[Token] = []
    place, word = 0, ""
    while place < len(text):
        char = text[place]
        if char == "#" and not word:
            place = text.find("\n", place) if "\n" in text[place:] else len(text)
            continue
        operator = next((op for op in _OPERATORS if text.startswith(op, place)), None)
        if operator and not (operator[0] in "12" and word):
            found += [word] if word else []
            found.append(Operator(operator))
            word, place = "", place + len(operator)
        elif char in " \t":
            found += [word] if word else []
            word, place = "", place + 1
        else:
            size = _span(text, place)
            word, place = word + text[place : place + size], place + size
    return found + ([word] if word else [])


def _span(text: str, place: int) -> int:
    """Return how many characters from here belong together: a quoted part, a substitution, or one."""
    char = text[place]
    if char == "\\":
        return 2
    if char in "'\"`":
        return _quoted(text, place, char)
    if text.startswith("$(", place):
        return _balanced(text, place + 1, "(", ")") + 1
    if text.startswith("${", place):
        return _balanced(text, place + 1, "{", "}") + 1
    return 1


def _quoted(text: str, place: int, quote: str) -> int:
    end = place + 1
    while end < len(text) and text[end] != quote:
        if quote == '"' and text[end] == "\\":
            end += 1
        elif quote == '"' and text.startswith("$(", end):
            end += _balanced(text, end + 1, "(", ")")
        end += 1
    if end >= len(text):
        raise ShellSyntaxError("syntax error: unterminated quoted string")
    return end - place + 1


def _balanced(text: str, place: int, opening: str, closing: str) -> int:
    depth, end = 0, place
    while end < len(text):
        if text[end] in "'\"" and opening == "(":
            end += _quoted(text, end, text[end])
            continue
        depth += (text[end] == opening) - (text[end] == closing)
        end += 1
        if depth == 0:
            return end - place
    raise ShellSyntaxError(f"syntax error: missing {closing}")


def parse(text: str) -> Script:
    """Return the tree of a program; raises ``ShellSyntaxError``."""
    parser = _Parser(tokens(text))
    script = parser.script()
    if not parser.at_end():
        raise ShellSyntaxError(f'syntax error: unexpected "{parser.shown()}"')
    return script


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0

    def at_end(self) -> bool:
        return self._place >= len(self._tokens)

    def _peek(self) -> Token:
        return self._tokens[self._place] if not self.at_end() else Operator("")

    def _text(self) -> str:
        token = self._peek()
        return token.text if isinstance(token, Operator) else token

    def shown(self) -> str:
        return self._text().replace("\n", "newline") or "end of file"

    def _take(self) -> Token:
        token = self._peek()
        self._place += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return isinstance(token, Operator) and token.text in texts

    def _expect(self, word: str) -> None:
        if self._text() != word:
            raise ShellSyntaxError(f'syntax error: unexpected "{self.shown()}" (expecting "{word}")')
        self._take()

    def _skip_ends(self) -> None:
        while self._is(";", "\n"):
            self._take()

    def script(self) -> Script:
        items: list[tuple[str, Pipeline, bool]] = []
        joint = ";"
        self._skip_ends()
        while not self.at_end() and self._text() not in _CLOSING:
            pipeline = self._pipeline()
            behind = self._is("&")
            items.append((joint, pipeline, behind))
            if self._is("&&", "||"):
                joint = self._text()
                self._take()
                self._skip_ends()
                continue
            joint = ";"
            if self._is(";", "\n", "&"):
                self._take()
                self._skip_ends()
            elif not self.at_end() and self._text() not in _CLOSING:
                raise ShellSyntaxError(f'syntax error: unexpected "{self.shown()}"')
        return Script(tuple(items))

    def _pipeline(self) -> Pipeline:
        negated = self._text() == "!"
        if negated:
            self._take()
        commands = [self._command()]
        while self._is("|"):
            self._take()
            self._skip_ends()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Simple | Compound:
        reader: Callable[[], Compound] | None = {
            "if": self._if, "while": self._loop, "until": self._loop, "for": self._for,
            "{": self._group, "(": self._group,
        }.get(self._text())  # fmt: skip
        if reader is None:
            return self._simple()
        made = reader()
        return Compound(made.kind, made.parts, made.name, made.words, tuple(self._redirections()))

    def _redirections(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while self._is(*_REDIRECTIONS, *_MERGES):
            found.append(self._redirection())
        return found

    def _redirection(self) -> tuple[str, str]:
        operator = self._text()
        self._take()
        if operator in _MERGES:
            return operator, ""
        target = self._take()
        if isinstance(target, Operator):
            raise ShellSyntaxError(f'syntax error: unexpected "{target.text}"')
        return operator, target

    def _simple(self) -> Simple:
        words: list[str] = []
        redirections: list[tuple[str, str]] = []
        while not self.at_end():
            if self._is(*_REDIRECTIONS, *_MERGES):
                redirections.append(self._redirection())
            elif isinstance(self._peek(), Operator):
                break
            else:
                words.append(self._text())
                self._take()
        if not words and not redirections:
            raise ShellSyntaxError(f'syntax error: unexpected "{self.shown()}"')
        return Simple(tuple(words), tuple(redirections))

    def _if(self) -> Compound:
        parts: list[Script] = []
        self._take()
        while True:
            parts.append(self.script())
            self._expect("then")
            parts.append(self.script())
            if self._text() != "elif":
                break
            self._take()
        if self._text() == "else":
            self._take()
            parts.append(self.script())
        self._expect("fi")
        return Compound("if", tuple(parts))

    def _loop(self) -> Compound:
        kind = self._text()
        self._take()
        condition = self.script()
        self._expect("do")
        body = self.script()
        self._expect("done")
        return Compound(kind, (condition, body))

    def _for(self) -> Compound:
        self._take()
        name = self._text()
        self._take()
        words: list[str] = []
        if self._text() == "in":
            self._take()
            while not isinstance(self._peek(), Operator):
                words.append(self._text())
                self._take()
        self._skip_ends()
        self._expect("do")
        body = self.script()
        self._expect("done")
        return Compound("for", (body,), name, tuple(words))

    def _group(self) -> Compound:
        closing = {"{": "}", "(": ")"}[self._text()]
        kind = "group" if closing == "}" else "subshell"
        self._take()
        body = self.script()
        self._expect(closing)
        return Compound(kind, (body,))
