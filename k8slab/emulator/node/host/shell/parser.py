"""Shell text to a tree, with busybox ash's words for what it does not understand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from k8slab.emulator.node.host.shell.scanner import CLOSING, Scanner
from k8slab.emulator.node.host.shell.syntax import (
    AndOr,
    CaseArm,
    Command,
    Compound,
    Function,
    Literal,
    Pipeline,
    Redirection,
    Script,
    ShellSyntaxError,
    Simple,
    Word,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_DEEPEST = 200


def parse(text: str) -> Script:
    """Return the tree of a program; raises ``ShellSyntaxError``."""
    parser = _Parser(text, 0, 0)
    script = parser.script()
    if not parser.at_end():
        raise ShellSyntaxError(f"syntax error: unexpected {parser.shown()}")
    parser.finish()
    return script


def _substituted(depth: int) -> Callable[[str, int], tuple[Script, int]]:
    def read(text: str, place: int) -> tuple[Script, int]:
        parser = _Parser(text, place, depth + 1)
        script = parser.script()
        parser.expect_operator(")")
        return script, parser.place

    return read


class _Parser(Scanner):
    def __init__(self, text: str, place: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise ShellSyntaxError("syntax error: too deeply nested")
        super().__init__(text, place, _substituted(depth))

    # --- grammar ---

    def script(self) -> Script:
        """Read lists up to what does not belong to them."""
        items: list[AndOr] = []
        self._skip_newlines()
        while not self._ends():
            began = self.place
            item = self._and_or()
            behind = self._is("&")
            items.append(replace(item, behind=behind, text=self._text[began : self.place].strip()))
            if self._is(";", "&", "\n"):
                self._take_operator()
                self._skip_newlines()
            elif not self._ends():
                raise self._unexpected()
        return Script(tuple(items))

    def _ends(self) -> bool:
        return self.at_end() or self._is(")", ";;") or self._reserved() in CLOSING

    def _and_or(self) -> AndOr:
        pipelines = [(";", self._pipeline())]
        while self._is("&&", "||"):
            joint = self._take_operator()
            self._skip_newlines()
            pipelines.append((joint, self._pipeline()))
        return AndOr(tuple(pipelines))

    def _pipeline(self) -> Pipeline:
        negated = False
        while self._take_reserved("!"):
            negated = not negated
        commands = [self._command()]
        while self._is("|"):
            self._take_operator()
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    def _command(self) -> Command:
        if self._is("("):
            return self._redirected(self._subshell())
        word = self._reserved()
        readers: dict[str, Callable[[], Compound]] = {
            "if": self._if, "while": self._loop, "until": self._loop, "for": self._for, "case": self._case,
            "{": self._group,
        }  # fmt: skip
        if word in readers:
            return self._redirected(readers[word]())
        if word in CLOSING:
            raise self._unexpected()
        if word == "function":
            return self._keyword_function()
        function = self._function(word)
        return function if function is not None else self._simple()

    def _redirected(self, made: Compound) -> Compound:
        found: list[Redirection] = []
        while (redirection := self._redirection()) is not None:
            found.append(redirection)
        return replace(made, redirections=tuple(found)) if found else made

    def _function(self, word: str) -> Function | None:
        name = _NAME.fullmatch(word)
        if name is None:
            return None
        match = re.compile(re.escape(word) + r"[ \t]*\([ \t]*\)").match(self._text, self.place)
        if match is None:
            return None
        self.place = match.end()
        self._skip_newlines()
        body = self._command()
        return Function(word, body if isinstance(body, Compound) else Compound("group", (_script_of(body),)))

    def _keyword_function(self) -> Function:
        """Read bash's ``function name { ... }``."""
        self._take_reserved("function")
        name = self._reserved()
        if not _NAME.fullmatch(name):
            raise self._unexpected()
        self._take_reserved(name)
        if self._is("("):
            self._take_operator()
            self.expect_operator(")")
        self._skip_newlines()
        body = self._command()
        return Function(name, body if isinstance(body, Compound) else Compound("group", (_script_of(body),)))

    def _condition(self) -> list[Word]:
        """Read the words of ``[[ ... ]]``; the operators between them are words here."""
        words: list[Word] = []
        while not self.at_end():
            operator = self._operator()
            if operator:
                self._take_operator()
                words += [(Literal(operator, quoted=True),)] if operator != "\n" else []
                continue
            word, self.place = self._words.word(
                self.place, " \t\n;&|<>" if words[-1:] == [(Literal("=~"),)] else " \t\n;&|<>()"
            )
            words.append(word)
            if word == (Literal("]]"),):
                break
        return words

    def _simple(self) -> Simple:
        line = self._text.count("\n", 0, self.place) + 1
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        redirections: list[Redirection] = []
        while not self.at_end():
            redirection = self._redirection()
            if redirection is not None:
                redirections.append(redirection)
                continue
            if self._operator():
                if self._is("(") and words:
                    raise self._unexpected()
                break
            assignment = None if words else _ASSIGNMENT.match(self._text, self.place)
            if assignment:
                word, self.place = self._words.word(assignment.end())
                assignments.append((assignment[1] + assignment[2], word))
            else:
                word, self.place = self._words.word(self.place)
                words.append(word)
                if words == [(Literal("[["),)]:
                    words += self._condition()
        if not words and not redirections and not assignments:
            raise self._unexpected()
        return Simple(tuple(words), tuple(assignments), tuple(redirections), line)

    def _if(self) -> Compound:
        parts: list[Script] = []
        self._take_reserved("if")
        while True:
            parts.append(self._body())
            self._expect("then")
            parts.append(self._body())
            if not self._take_reserved("elif"):
                break
        if self._take_reserved("else"):
            parts.append(self._body())
        self._expect("fi")
        return Compound("if", tuple(parts))

    def _body(self) -> Script:
        script = self.script()
        if not script.items and not self.at_end():
            raise self._unexpected()
        return script

    def _loop(self) -> Compound:
        kind = self._reserved()
        self._take_reserved(kind)
        condition = self._body()
        return Compound(kind, (condition, self._do()))

    def _do(self) -> Script:
        self._expect("do")
        body = self._body()
        self._expect("done")
        return body

    def _for(self) -> Compound:
        self._take_reserved("for")
        name = self._reserved()
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ShellSyntaxError("syntax error: bad for loop variable")
        self._take_reserved(name)
        self._skip_newlines()
        words: tuple[Word, ...] | None = None
        if self._take_reserved("in"):
            words = self._word_list()
        if self._is(";"):
            self._take_operator()
        self._skip_newlines()
        return Compound("for", (self._do(),), name, words)

    def _word_list(self) -> tuple[Word, ...]:
        words: list[Word] = []
        while not self.at_end() and not self._operator():
            word, self.place = self._words.word(self.place)
            words.append(word)
        return tuple(words)

    def _case(self) -> Compound:
        self._take_reserved("case")
        self._skip_blanks()
        word, self.place = self._words.word(self.place)
        self._skip_newlines()
        self._expect("in")
        self._skip_newlines()
        arms: list[CaseArm] = []
        while not self._take_reserved("esac"):
            arms.append(self._arm())
            self._skip_newlines()
        return Compound("case", words=(word,), arms=tuple(arms))

    def _arm(self) -> CaseArm:
        if self._is("("):
            self._take_operator()
        patterns: list[Word] = []
        while True:
            self._skip_blanks()
            if self.at_end() or self._operator():
                raise self._unexpected()
            word, self.place = self._words.word(self.place)
            patterns.append(word)
            if not self._is("|"):
                break
            self._take_operator()
        self.expect_operator(")")
        body = self.script()
        if self._is(";;"):
            self._take_operator()
        elif self._reserved() != "esac":
            raise ShellSyntaxError(f'syntax error: unexpected {self.shown()} (expecting ";;")')
        return CaseArm(tuple(patterns), body)

    def _group(self) -> Compound:
        self._take_reserved("{")
        body = self._body()
        self._expect("}")
        return Compound("group", (body,))

    def _subshell(self) -> Compound:
        self._take_operator()
        body = self._body()
        self.expect_operator(")")
        return Compound("subshell", (body,))


def _script_of(command: Command) -> Script:
    return Script((AndOr(((";", Pipeline((command,))),)),))
