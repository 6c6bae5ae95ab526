"""The characters of a shell program: operators, reserved words, redirections, here-documents."""

from __future__ import annotations

import re
from dataclasses import dataclass

from k8slab.emulator.node.host.shell.syntax import Literal, Redirection, ShellSyntaxError, Word
from k8slab.emulator.node.host.shell.words import ReadProgram, WordReader, unquoted_text

_OPERATORS = (
    "&&",
    "||",
    ";;",
    "<<-",
    "<<",
    ">>",
    "<&",
    ">&",
    "<>",
    ">|",
    "&>>",
    "&>",
    ";",
    "|",
    "&",
    "(",
    ")",
    "<",
    ">",
    "\n",
)
_REDIRECTION = re.compile(r"(\d*)(<<-|<<<|<<|>>|<&|>&|<>|>\||<|>)|&>>?")
CLOSING = frozenset({"then", "do", "done", "fi", "else", "elif", "}", "esac"})


@dataclass(slots=True)
class _HereDocument:
    delimiter: str
    quoted: bool
    strip: bool
    text: list[Word]


class Scanner:
    """Reads operators, reserved words, redirections and here-documents of ``text``; ``program`` reads substitutions."""

    def __init__(self, text: str, place: int, program: ReadProgram) -> None:
        self._text = text
        self.place = place
        self._words = WordReader(text, program)
        self._program = program
        self._here: list[_HereDocument] = []

    # --- characters ---

    def _skip_blanks(self) -> None:
        text = self._text
        while self.place < len(text):
            if text[self.place] in " \t\r":
                self.place += 1
            elif text.startswith("\\\n", self.place):
                self.place += 2
            elif text[self.place] == "#":
                end = text.find("\n", self.place)
                self.place = len(text) if end < 0 else end
            else:
                return

    def at_end(self) -> bool:
        """Tell whether nothing more comes."""
        self._skip_blanks()
        return self.place >= len(self._text)

    def _operator(self) -> str:
        self._skip_blanks()
        return next((op for op in _OPERATORS if self._text.startswith(op, self.place)), "")

    def _is(self, *operators: str) -> bool:
        return self._operator() in operators

    def _take_operator(self) -> str:
        operator = self._operator()
        self.place += len(operator)
        if operator == "\n":
            self._read_here_documents()
        return operator

    def _reserved(self) -> str:
        """Return the plain text of the next word, without taking it."""
        self._skip_blanks()
        if self.at_end() or self._operator():
            return ""
        end = self.place
        while end < len(self._text) and self._text[end] not in " \t\r\n;&|<>()\\'\"$`":
            end += 1
        return self._text[self.place : end]

    def _take_reserved(self, word: str) -> bool:
        if self._reserved() != word:
            return False
        self.place += len(word)
        return True

    def shown(self) -> str:
        """Return the next token as an error message names it."""
        if self.at_end():
            return "end of file"
        operator = self._operator()
        if operator == "\n":
            return "newline"
        return f'"{operator}"' if operator else f'"{self._reserved() or "word"}"' if self._closing() else "word"

    def _closing(self) -> bool:
        return self._reserved() in CLOSING or self._reserved() == "in"

    def _expect(self, word: str) -> None:
        if not self._take_reserved(word):
            raise ShellSyntaxError(f'syntax error: unexpected {self.shown()} (expecting "{word}")')

    def expect_operator(self, operator: str) -> None:
        """Take an operator; raises ``ShellSyntaxError`` for anything else."""
        if not self._is(operator):
            raise ShellSyntaxError(f'syntax error: unexpected {self.shown()} (expecting "{operator}")')
        self._take_operator()

    def _unexpected(self) -> ShellSyntaxError:
        return ShellSyntaxError(f"syntax error: unexpected {self.shown()}")

    def _skip_newlines(self) -> None:
        while self._is("\n"):
            self._take_operator()

    # --- here-documents ---

    def _read_here_documents(self) -> None:
        pending, self._here = self._here, []
        for document in pending:
            lines: list[str] = []
            while self.place < len(self._text):
                end = self._text.find("\n", self.place)
                end = len(self._text) if end < 0 else end
                line = self._text[self.place : end]
                self.place = min(end + 1, len(self._text))
                line = line.lstrip("\t") if document.strip else line
                if line == document.delimiter:
                    break
                lines.append(f"{line}\n")
            body = "".join(lines)
            if document.quoted:
                document.text.append((Literal(body, quoted=True),))
            else:
                document.text.append(WordReader(body, self._program).quoted(0, "")[0])

    def finish(self) -> None:
        """Give here-documents without a line end their (empty) text."""
        if self._here:
            self._read_here_documents()

    def _redirection(self) -> Redirection | None:
        self._skip_blanks()
        match = _REDIRECTION.match(self._text, self.place)
        if match is None:
            return None
        self.place = match.end()
        operator = match[2] or match[0]
        fd = int(match[1]) if match[1] else 0 if operator.startswith("<") else 1
        self._skip_blanks()
        if self._operator() or self.at_end():
            raise self._unexpected()
        word, self.place = self._words.word(self.place)
        if operator in ("<<", "<<-"):
            return self._here_document(fd, operator, word)
        return Redirection(fd, operator, word)

    def _here_document(self, fd: int, operator: str, word: Word) -> Redirection:
        quoted = any(isinstance(part, Literal) and part.quoted for part in word)
        text: list[Word] = []
        self._here.append(_HereDocument(unquoted_text(word), quoted, operator == "<<-", text))
        return Redirection(fd, "<<", (), text)
