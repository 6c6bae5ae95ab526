"""The tree of a shell program (POSIX.1-2017, Shell Command Language)."""

from __future__ import annotations

from dataclasses import dataclass, field


class ShellSyntaxError(Exception):
    """The text is not a shell program; the message is busybox ash's, without the shell's name."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text; ``quoted`` text is neither split nor matched against file names."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name OP word}``; ``#name`` has the operator ``#len``."""

    name: str
    operator: str = ""
    word: Word = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$(program)`` or the same in backquotes."""

    program: Script
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$((expression))``."""

    expression: Word
    quoted: bool = False


Part = Literal | Parameter | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Redirection:
    """``fd OPERATOR target``; a here-document has the operator ``<<`` and its text, read later, in ``document``."""

    fd: int
    operator: str
    target: Word
    document: list[Word] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()
    redirections: tuple[Redirection, ...] = ()
    line: int = 1


@dataclass(frozen=True, slots=True)
class CaseArm:
    """One arm of ``case``."""

    patterns: tuple[Word, ...]
    body: Script


@dataclass(frozen=True, slots=True)
class Compound:
    """``if``, ``while``, ``until``, ``for``, ``case``, a group or a subshell.

    ``parts`` are condition and body lists in order. ``words`` are those of ``for`` (None: the arguments) and ``case``.
    """

    kind: str
    parts: tuple[Script, ...] = ()
    name: str = ""
    words: tuple[Word, ...] | None = ()
    arms: tuple[CaseArm, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """``name() body``."""

    name: str
    body: Compound


Command = Simple | Compound | Function


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by pipes; ``negated`` by ``!``."""

    commands: tuple[Command, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class AndOr:
    """Pipelines, each with the operator before it; ``behind`` runs the whole list in the background."""

    pipelines: tuple[tuple[str, Pipeline], ...]
    behind: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """Lists in order."""

    items: tuple[AndOr, ...] = field(default=())


def substitutes(word: Word) -> bool:
    """Tell whether a word holds a command substitution."""
    return any(isinstance(part, Substitution) for part in word)
