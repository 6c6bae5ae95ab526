"""awk text to a tree of tuples: ``(kind, ...)`` for expressions and statements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from k8slab.emulator.node.host.applets.arguments import UsageError

Node = tuple[Any, ...]
_TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|\\\n|#[^\n]*)|(?P<newline>\n)|"
    r"(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r'|(?P<string>"(?:\\.|[^"\\])*")|(?P<call>[A-Za-z_]\w*(?=\())|(?P<name>[A-Za-z_]\w*)'
    r"|(?P<op>\*\*=|\*\*|\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>|?:~$=;,(){}\[\]])",
    re.DOTALL,
)
_KEYWORDS = frozenset({
    "BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue", "next", "exit",
    "return", "delete", "in", "print", "printf", "getline",
})  # fmt: skip
_FUNCTIONS = frozenset({
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int", "sqrt", "exp",
    "log", "sin", "cos", "atan2", "rand", "srand", "close", "fflush",
})  # fmt: skip
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_BINARY = (("||",), ("&&",), ("in",), ("~", "!~"), ("<", "<=", "==", "!=", ">", ">="), ("concat",), ("+", "-"),
           ("*", "/", "%"))  # fmt: skip
_ASSIGN = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "^=", "**="})
_ENDS_VALUE = frozenset({"number", "string", "name", "regex"})


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is number, string, regex, name, call, word (a keyword), op or newline."""

    kind: str
    text: str


@dataclass(slots=True)
class Program:
    """Rules in order; a pattern is None, ``("begin",)``, ``("end",)``, an expression or ``("range", a, b, number)``."""

    rules: list[tuple[Node | None, list[Node] | None]] = field(default_factory=list)
    functions: dict[str, tuple[list[str], list[Node]]] = field(default_factory=dict)


def unescape(text: str) -> str:
    """Return the text of a string constant."""
    text = re.sub(r"\\([0-7]{1,3})", lambda match: chr(int(match[1], 8)), text)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text, flags=re.DOTALL)


def tokens(text: str) -> list[Token]:
    """Split a program; a slash begins a regular expression where a value may begin."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        last = found[-1] if found else None
        divides = last is not None and (last.kind in _ENDS_VALUE or last.text in (")", "]", "$", "++", "--"))
        if text[place] == "/" and not divides:
            match = re.compile(r"/((?:\\.|\[\^?\]?[^\]]*\]|[^/\\\n])*)/").match(text, place)
            if match is None:
                raise UsageError("cmd. line:1: Unexpected end of string")
            found.append(Token("regex", match[1].replace("\\/", "/")))
        else:
            match = _TOKEN.match(text, place)
            if match is None:
                raise UsageError("cmd. line:1: Unexpected token")
            found += _token(match)
        place = match.end()
    return found


def _token(match: re.Match[str]) -> list[Token]:
    kind = str(match.lastgroup)
    if kind == "space":
        return []
    text = match[0]
    if kind == "string":
        return [Token("string", unescape(text[1:-1]))]
    if kind in ("name", "call") and text in _KEYWORDS:
        return [Token("word", text)]
    return [Token(kind, text)]


def read(text: str) -> Program:
    """Return the program; raises ``UsageError``."""
    return _Reader(tokens(text)).program()


class _Reader:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0
        self._program = Program()
        self._no_in = False
        self._no_greater = False

    def _peek(self, ahead: int = 0) -> Token:
        index = self._place + ahead
        return self._tokens[index] if index < len(self._tokens) else Token("end", "")

    def _take(self) -> Token:
        token = self._peek()
        self._place += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.kind in ("op", "word", "newline") and token.text in texts

    def _accept(self, text: str) -> bool:
        if self._is(text):
            self._place += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise UsageError(
                "cmd. line:1: Unexpected token" if self._peek().text else "cmd. line:1: Unexpected end of string"
            )

    def _skip(self, *texts: str) -> None:
        while self._is(*texts):
            self._place += 1

    def program(self) -> Program:
        self._skip("\n", ";")
        while self._peek().kind != "end":
            if self._is("function", "func"):
                self._function()
            else:
                self._rule()
            self._skip("\n", ";")
        return self._program

    def _function(self) -> None:
        self._take()
        name = self._take().text
        self._expect("(")
        names: list[str] = []
        while not self._accept(")"):
            names.append(self._take().text)
            self._accept(",")
        self._skip("\n")
        self._program.functions[name] = (names, self._block())

    def _rule(self) -> None:
        pattern: Node | None = None
        if self._is("BEGIN", "END"):
            pattern = (self._take().text.lower(),)
        elif not self._is("{"):
            pattern = self._expression()
            if self._accept(","):
                self._skip("\n")
                pattern = ("range", pattern, self._expression(), len(self._program.rules))
        self._program.rules.append((pattern, self._block() if self._is("{") else None))

    def _block(self) -> list[Node]:
        self._expect("{")
        made: list[Node] = []
        self._skip("\n", ";")
        while not self._accept("}"):
            made.append(self._statement())
            self._skip("\n", ";")
        return made

    def _body(self) -> list[Node]:
        self._skip("\n")
        if self._is("{"):
            return self._block()
        if self._accept(";"):
            return []
        return [self._statement()]

    def _statement(self) -> Node:
        token = self._peek()
        readers = {"if": self._if, "while": self._while, "do": self._do, "for": self._for, "print": self._print,
                   "printf": self._print, "delete": self._delete}  # fmt: skip
        if token.kind == "word" and token.text in readers:
            return readers[token.text]()
        if self._is("{"):
            return ("block", self._block())
        if token.kind == "word" and token.text in ("break", "continue", "next"):
            self._take()
            return (token.text,)
        if token.kind == "word" and token.text in ("exit", "return"):
            self._take()
            value = None if self._is("\n", ";", "}") or self._peek().kind == "end" else self._expression()
            return (token.text, value)
        return ("do", self._expression())

    def _if(self) -> Node:
        self._take()
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        then = self._body()
        place = self._place
        self._skip("\n", ";")
        if self._accept("else"):
            return ("if", condition, then, self._body())
        self._place = place
        return ("if", condition, then, [])

    def _while(self) -> Node:
        self._take()
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("while", condition, self._body())

    def _do(self) -> Node:
        self._take()
        body = self._body()
        self._skip("\n", ";")
        self._expect("while")
        self._expect("(")
        condition = self._expression()
        self._expect(")")
        return ("dowhile", condition, body)

    def _for(self) -> Node:
        self._take()
        self._expect("(")
        if self._peek().kind == "name" and self._peek(1).text == "in" and self._peek(3).text == ")":
            name, _, array = self._take().text, self._take(), self._take().text
            self._expect(")")
            return ("forin", name, array, self._body())
        parts: list[Node | None] = []
        for end in (";", ";", ")"):
            parts.append(None if self._is(end) else self._statement())
            self._expect(end)
        return ("for", parts[0], parts[1], parts[2], self._body())

    def _delete(self) -> Node:
        self._take()
        name = self._take().text
        return ("delete", name, self._subscript() if self._is("[") else None)

    def _print(self) -> Node:
        kind = self._take().text
        values: list[Node] = []
        self._no_greater = True
        if not (self._is("\n", ";", "}", ">", ">>", "|") or self._peek().kind == "end"):
            values.append(self._expression())
            while self._accept(","):
                self._skip("\n")
                values.append(self._expression())
        self._no_greater = False
        if len(values) == 1 and values[0][0] == "group":
            values = list(values[0][1])
        target: Node | None = None
        if self._is(">", ">>", "|"):
            target = (self._take().text, self._binary(5))
        return (kind, values, target)

    def _subscript(self) -> list[Node]:
        self._expect("[")
        parts = [self._expression()]
        while self._accept(","):
            parts.append(self._expression())
        self._expect("]")
        return parts

    # --- expressions, weakest first ---

    def _expression(self) -> Node:
        left = self._ternary()
        if self._is(*_ASSIGN) and left[0] in ("var", "item", "field"):
            operator = self._take().text
            self._skip("\n")
            return ("assign", operator.replace("**", "^"), left, self._expression())
        return left

    def _ternary(self) -> Node:
        condition = self._binary(0)
        if not self._accept("?"):
            return condition
        first = self._expression()
        self._expect(":")
        return ("if?", condition, first, self._expression())

    def _binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while (operator := self._operator(level)) is not None:
            if operator == "in":
                left = ("in", [left] if left[0] != "group" else list(left[1]), self._take().text)
            else:
                if operator in ("&&", "||"):
                    self._skip("\n")
                left = ("binary", operator, left, self._binary(level + 1))
        return left

    def _operator(self, level: int) -> str | None:
        token = self._peek()
        if _BINARY[level] == ("concat",):
            begins = token.kind in ("number", "string", "name", "call", "regex") or (
                token.kind == "op" and token.text in ("(", "$", "!", "-", "+", "++", "--")
                and token.text not in ("-", "+", "!")
            )  # fmt: skip
            return "concat" if begins else None
        if token.kind not in ("op", "word") or token.text not in _BINARY[level]:
            return None
        if token.text == ">" and self._no_greater:
            return None
        return self._take().text

    def _unary(self) -> Node:
        if self._is("!", "-", "+"):
            return ("unary", self._take().text, self._unary())
        return self._power()

    def _power(self) -> Node:
        left = self._postfix()
        if self._is("^", "**"):
            self._take()
            return ("binary", "^", left, self._unary())
        return left

    def _postfix(self) -> Node:
        if self._is("++", "--"):
            operator = self._take().text
            return ("change", operator, self._primary(), True)
        value = self._primary()
        if value[0] in ("var", "item", "field") and self._is("++", "--"):
            return ("change", self._take().text, value, False)
        return value

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return ("number", float(int(token.text, 16)) if token.text[:2].lower() == "0x" else float(token.text))
        if token.kind in ("string", "regex"):
            return (token.kind, token.text)
        if token.text == "$" and token.kind == "op":
            return ("field", self._postfix() if self._is("++", "--") else self._primary())
        if token.text == "(" and token.kind == "op":
            return self._parenthesised()
        if token.text == "getline":
            raise UsageError("getline is not part of this awk")
        if token.kind == "call" or token.text in _FUNCTIONS:
            return self._call(token.text)
        if token.kind == "name":
            return ("item", token.text, self._subscript()) if self._is("[") else ("var", token.text)
        raise UsageError(
            "cmd. line:1: Unexpected token" if token.kind != "end" else "cmd. line:1: Unexpected end of string"
        )

    def _parenthesised(self) -> Node:
        before, self._no_greater = self._no_greater, False
        values = [self._expression()]
        while self._accept(","):
            values.append(self._expression())
        self._expect(")")
        self._no_greater = before
        return ("group", values) if len(values) > 1 else ("paren", values[0])

    def _call(self, name: str) -> Node:
        values: list[Node] = []
        if self._accept("("):
            before, self._no_greater = self._no_greater, False
            while not self._accept(")"):
                values.append(self._expression())
                self._accept(",")
                self._skip("\n")
            self._no_greater = before
        return ("call", name, values)
