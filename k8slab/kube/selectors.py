"""Label and field selectors (k8s.io/apimachinery/pkg/labels, pkg/fields)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8slab.kube.objects import dig


class SelectorError(ValueError):
    """A selector cannot be understood; the text is the API server's message."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label; ``operator`` is ``In``, ``NotIn``, ``Exists``, ``DoesNotExist``, ``Gt`` or ``Lt``."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet the condition (an absent key meets ``NotIn``)."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return value is not None and _compare(value, self.operator, self.values[0])


def _compare(value: str, operator: str, bound: str) -> bool:
    try:
        return int(value) > int(bound) if operator == "Gt" else int(value) < int(bound)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Conditions that must all hold; None stands for the selector that selects nothing."""

    requirements: tuple[Requirement, ...] | None = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet every condition."""
        return self.requirements is not None and all(entry.matches(labels) for entry in self.requirements)

    @property
    def selects_everything(self) -> bool:
        """Tell whether there is no condition."""
        return self.requirements == ()


_TOKEN = re.compile(r"\s*(?P<token>[(),]|!=|==|=|!|<|>|[^\s(),!=<>]+)")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_OPERATORS = {"=": "In", "==": "In", "!=": "NotIn", ">": "Gt", "<": "Lt", "in": "In", "notin": "NotIn"}


def parse_label_selector(text: str) -> LabelSelector:
    """Parse ``app=web,tier in (a, b),!old``; raises ``SelectorError``."""
    if not text.strip():
        return LabelSelector()
    tokens = _Tokens(text)
    found = [_requirement(tokens)]
    while tokens.peek() == ",":
        tokens.take()
        found.append(_requirement(tokens))
    if tokens.peek():
        raise SelectorError(f"found '{tokens.peek()}', expected: ',' or 'end of string'")
    return LabelSelector(tuple(found))


class _Tokens:
    def __init__(self, text: str) -> None:
        self._tokens = [match["token"] for match in _TOKEN.finditer(text)]
        self._place = 0

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._place += 1
        return token


def _requirement(tokens: _Tokens) -> Requirement:
    if tokens.peek() == "!":
        tokens.take()
        return Requirement(_key(tokens.take()), "DoesNotExist")
    key = _key(tokens.take())
    if tokens.peek() in ("", ","):
        return Requirement(key, "Exists")
    word = tokens.take()
    operator = _OPERATORS.get(word)
    if operator is None:
        expected = "in, notin, =, ==, !=, gt, lt"
        raise SelectorError(f"unable to parse requirement: found '{word}', expected: {expected}")
    values = _values(tokens) if word in ("in", "notin") else (_exact(tokens),)
    if operator in ("Gt", "Lt") and not values[0].lstrip("-").isdigit():
        rule = "for 'Gt', 'Lt' operators, the value must be an integer"
        raise SelectorError(f'unable to parse requirement: values[0][{key}]: Invalid value: "{values[0]}": {rule}')
    for index, value in enumerate(values):
        _check_value(key, index, value)
    return Requirement(key, operator, values)


def _exact(tokens: _Tokens) -> str:
    return "" if tokens.peek() in ("", ",") else tokens.take()


def _values(tokens: _Tokens) -> tuple[str, ...]:
    word = tokens.take()
    if word != "(":
        raise SelectorError(f"unable to parse requirement: found '{word}' expected: '('")
    values: list[str] = []
    while tokens.peek() not in (")", ""):
        word = tokens.take()
        if word != ",":
            values.append(word)
    if tokens.take() != ")":
        raise SelectorError("unable to parse requirement: found '', expected: ',' or ')'")
    return tuple(sorted(set(values)))


def _key(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if not text or text in ("=", "==", ",", "(", ")") or not _NAME.fullmatch(name) or (slash and not prefix):
        if not text or not re.match(r"[\w./-]", text):
            raise SelectorError(f"found '{text}', expected: !, identifier, or 'end of string'")
        raise SelectorError(f'unable to parse requirement: <nil>: Invalid value: "{text}": name part {_NAME_RULE}')
    return text


_NAME_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def _check_value(key: str, index: int, value: str) -> None:
    if value and not _NAME.fullmatch(value):
        raise SelectorError(
            f'unable to parse requirement: values[{index}][{key}]: Invalid value: "{value}": {_VALUE_RULE}'
        )


def label_selector_of(obj: Mapping[str, Any] | None) -> LabelSelector:
    """Return the selector of a ``metav1.LabelSelector``: None selects nothing, an empty one everything."""
    if obj is None:
        return LabelSelector(None)
    found = [Requirement(key, "In", (value,)) for key, value in sorted((dig(obj, "matchLabels") or {}).items())]
    expressions = dig(obj, "matchExpressions") or []
    found += [Requirement(entry["key"], entry["operator"], tuple(entry.get("values") or ())) for entry in expressions]
    return LabelSelector(tuple(found))


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Conditions ``(path, operator, value)`` with operator ``=`` or ``!=``."""

    requirements: tuple[tuple[str, str, str], ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Tell whether the fields (absent ones are empty) meet every condition."""
        return all((fields.get(path, "") == value) == (operator == "=") for path, operator, value in self.requirements)

    def exact(self, path: str) -> str | None:
        """Return the value that the field must have, when the selector says one."""
        return next((value for found, operator, value in self.requirements if found == path and operator == "="), None)


def parse_field_selector(text: str) -> FieldSelector:
    """Parse ``metadata.name=web,status.phase!=Running``; raises ``SelectorError``."""
    return FieldSelector(tuple(_field_term(term) for term in _terms(text)))


def _terms(text: str) -> Sequence[str]:
    # A backslash protects a comma or an equals sign inside a value.
    return [term for term in re.split(r"(?<!\\),", text) if term]


def _unescaped(value: str) -> str:
    # apimachinery/pkg/fields/selector.go, UnescapeValue; a rune is shown as its number.
    bare = re.sub(r"\\[\\,=]", "", value)
    odd = next((sign for sign in bare if sign in "\\,="), "")
    if odd == "\\":
        raise SelectorError("invalid field selector: invalid escape sequence")
    if odd:
        raise SelectorError(f"invalid field selector: unescaped character in value: {ord(odd)}")
    return re.sub(r"\\([\\,=])", r"\1", value)


def _field_term(term: str) -> tuple[str, str, str]:
    for written, operator in (("!=", "!="), ("==", "="), ("=", "=")):
        path, found, value = term.partition(written)
        if found:
            return path, operator, _unescaped(value)
    raise SelectorError(f"invalid selector: '{term}'; can't understand '{term}'")
