"""Words to arguments: variables, command substitution, arithmetic, quotes, field splitting, file names."""

from __future__ import annotations

import ast
import fnmatch
import operator
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from k8slab.emulator.node.host.shell.files import Tree

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9?#@*$!]")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9?#@*])(?:(:?[-=+?]|%%?|##?)(.*))?", re.DOTALL)
_ARITHMETIC: Mapping[type[ast.AST], Callable[..., int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.floordiv,
    ast.Mod: operator.mod, ast.USub: operator.neg, ast.Lt: operator.lt, ast.Gt: operator.gt, ast.LtE: operator.le,
    ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
# Quoted characters, so that splitting and file names leave them alone.
_QUOTED = 0xE000


def _protect(text: str) -> str:
    return "".join(chr(_QUOTED + ord(char)) if ord(char) < 128 else char for char in text)  # noqa: PLR2004 - ASCII


def _unprotect(text: str) -> str:
    return "".join(chr(ord(char) - _QUOTED) if _QUOTED <= ord(char) < _QUOTED + 128 else char for char in text)


@dataclass(slots=True)
class Expander:
    """Expands words with the variables of one shell; ``run`` gives the output of a command substitution."""

    variable: Callable[[str], str]
    run: Callable[[str], Awaitable[str]]
    tree: Tree
    cwd: Callable[[], str]
    positional: Callable[[], list[str]]

    async def words(self, raw: tuple[str, ...]) -> list[str]:
        """Return the arguments that words become."""
        made: list[str] = []
        for word in raw:
            if word == '"$@"':
                made += self.positional()
                continue
            text = await self._expand(word)
            fields = [text] if "'" in word or '"' in word else []
            for part in fields or text.split():
                made += self._file_names(part)
        return made

    async def text(self, raw: str) -> str:
        """Return the one text that a word becomes (assignments, file names)."""
        return _unprotect(await self._expand(raw))

    def _file_names(self, part: str) -> list[str]:
        if any(char in part for char in "*?["):
            pattern = part if part.startswith("/") else f"{self.cwd().rstrip('/')}/{part}"
            folder, _, last = pattern.rpartition("/")
            found = sorted(name for name in self.tree.names(folder or "/") if fnmatch.fnmatch(name, last))
            visible = [name for name in found if not name.startswith(".")]
            if visible:
                prefix = part.rpartition("/")[0]
                return [f"{prefix}/{name}" if "/" in part else name for name in visible]
        return [_unprotect(part)]

    async def _expand(self, word: str) -> str:
        made, place = "", 0
        while place < len(word):
            char = word[place]
            if char == "'":
                end = word.index("'", place + 1)
                made += _protect(word[place + 1 : end])
                place = end + 1
            elif char == '"':
                end = self._closing(word, place)
                made += _protect(_unprotect(await self._double(word[place + 1 : end])))
                place = end + 1
            elif char == "\\":
                made += _protect(word[place + 1 : place + 2])
                place += 2
            else:
                text, place = await self._plain(word, place)
                made += text
        return made

    def _closing(self, word: str, place: int) -> int:
        end = place + 1
        while word[end] != '"':
            if word.startswith("$(", end):
                end = _match(word, end + 1) + 1
                continue
            end += 2 if word[end] == "\\" else 1
        return end

    async def _double(self, text: str) -> str:
        made, place = "", 0
        while place < len(text):
            if text[place] == "\\" and text[place + 1 : place + 2] in ("$", "`", '"', "\\"):
                made += text[place + 1]
                place += 2
            else:
                part, place = await self._plain(text, place)
                made += part
        return made

    async def _plain(self, text: str, place: int) -> tuple[str, int]:
        if text.startswith("$((", place):
            end = _match(text, place + 1)
            return str(self._arithmetic(await self._double(text[place + 3 : end - 1]))), end + 1
        if text.startswith("$(", place):
            end = _match(text, place + 1)
            return (await self.run(text[place + 2 : end])).rstrip("\n"), end + 1
        if text[place] == "`":
            end = text.index("`", place + 1)
            return (await self.run(text[place + 1 : end])).rstrip("\n"), end + 1
        if text.startswith("${", place):
            end = text.index("}", place)
            return await self._braced(text[place + 2 : end]), end + 1
        name = _NAME.match(text, place + 1) if text[place] == "$" else None
        if name:
            return self.variable(name[0]), name.end()
        return text[place], place + 1

    async def _braced(self, text: str) -> str:
        if text.startswith("#"):
            return str(len(self.variable(text[1:])))
        match = _BRACED.fullmatch(text)
        if match is None:
            return ""
        value, action, other = self.variable(match[1]), match[2] or "", match[3] or ""
        if action.endswith(("-", "=")):
            return value or await self._double(other)
        if action.endswith("+"):
            return await self._double(other) if value else ""
        if not action:
            return value
        pattern = await self._double(other)
        return _without(value, pattern, suffix=action[0] == "%", longest=len(action) > 1)

    def _arithmetic(self, text: str) -> int:
        named = re.sub(r"[A-Za-z_]\w*", lambda match: self.variable(match[0]) or "0", text)
        try:
            return _evaluate(ast.parse(named.strip() or "0", mode="eval").body)
        except (SyntaxError, KeyError, ZeroDivisionError, TypeError):
            return 0


def _evaluate(node: ast.AST) -> int:
    if isinstance(node, ast.Constant):
        return int(str(node.value))
    if isinstance(node, ast.BinOp):
        return int(_ARITHMETIC[type(node.op)](_evaluate(node.left), _evaluate(node.right)))
    if isinstance(node, ast.UnaryOp):
        return int(_ARITHMETIC[type(node.op)](_evaluate(node.operand)))
    if isinstance(node, ast.Compare):
        return int(_ARITHMETIC[type(node.ops[0])](_evaluate(node.left), _evaluate(node.comparators[0])))
    raise SyntaxError


def _match(text: str, place: int) -> int:
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth == 0:
            return end
    return len(text) - 1


def _without(value: str, pattern: str, *, suffix: bool, longest: bool) -> str:
    cuts = range(len(value) + 1)
    order = cuts if suffix == longest else reversed(cuts)
    for cut in order:
        part, rest = (value[cut:], value[:cut]) if suffix else (value[:cut], value[cut:])
        if fnmatch.fnmatchcase(part, pattern):
            return rest
    return value
