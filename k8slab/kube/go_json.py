"""What Go's ``encoding/json`` says of a text that is not JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

_LITERALS = {"t": "true", "f": "false", "n": "null"}
# Python's words for what it expected, and Go's.
_CONTEXTS: Mapping[str, str] = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
}


def go_json_problem(text: str) -> str:
    """Return Go's message for the first mistake in a JSON text; empty when there is none."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _problem(text, error)
    return ""


def _problem(text: str, error: json.JSONDecodeError) -> str:
    place = error.pos
    if place >= len(text) or error.msg.startswith("Unterminated"):
        return "unexpected end of JSON input"
    if error.msg == "Expecting value" and text[place] in _LITERALS:
        return _literal(text, place)
    context = _CONTEXTS.get(error.msg)
    if context is None and error.msg.startswith("Expecting ','"):
        context = "after array element" if _in_array(text[:place]) else "after object key:value pair"
    return f"invalid character {_quoted(text[place])} {context or 'in string escape code'}"


def _literal(text: str, place: int) -> str:
    word = _LITERALS[text[place]]
    for offset, expected in enumerate(word):
        if place + offset >= len(text):
            return "unexpected end of JSON input"
        if text[place + offset] != expected:
            return f"invalid character {_quoted(text[place + offset])} in literal {word} (expecting '{expected}')"
    return f"invalid character {_quoted(text[place])} looking for beginning of value"


def _in_array(before: str) -> bool:
    depth: list[str] = []
    quoted = escaped = False
    for sign in before:
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        elif sign in "[{":
            depth.append(sign)
        elif sign in "]}" and depth:
            depth.pop()
    return bool(depth) and depth[-1] == "["


def _quoted(sign: str) -> str:
    special = {"'": "'\\''", '"': "'\"'", "\n": "'\\n'", "\t": "'\\t'", "\r": "'\\r'"}
    return special.get(sign, f"'{sign}'")
