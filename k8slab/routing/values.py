"""How the texts of annotations and of the controller's ConfigMap are read.

Sources: ing:internal/ingress/annotations/parser/validators.go (v1.15.1). A reader returns the value or raises
``InvalidValueError``; what it returns is safe to write into nginx's configuration between double quotes, and numbers,
words and addresses also without them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable


class InvalidValueError(ValueError):
    """A value that the annotation's rule does not allow."""


_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
_CHARS = r"-._~a-zA-Z0-9/:"


def pattern(expression: str, *, spaces: bool = True) -> Callable[[str], str]:
    """Return a reader of texts that match as a whole; with ``spaces`` false, blanks are ignored in the comparison."""
    compiled = re.compile(expression)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text if spaces else text.replace(" ", "")):
            raise InvalidValueError(text)
        return text

    return parse


target = pattern(rf"/?[{_CHARS}$]*")
url = pattern(rf"[{_CHARS},?&=]*")
variable_url = pattern(rf"[{_CHARS},?&=$]*")
basic = pattern(rf"[{_CHARS}]*")
words = pattern(rf"[{_CHARS} ]*")
extended = pattern(rf"[{_CHARS}, ]*")
headers = pattern(r"[A-Za-z0-9\-_, ]*")
header = pattern(r"[A-Za-z0-9\-_]*")
variable = pattern(r"[A-Za-z0-9\-_${}]*")
regex = pattern(rf"[{_CHARS}\^$\[\](){{}}*+?|&=\\]*")
size = pattern(r"(?i:\d+[bkmg]?)")


def web_url(text: str) -> str:
    """Return an http address, an empty text for others."""
    url(text)
    # A relative address or another scheme is accepted and has no effect (measured on the real controller).
    return text if text.startswith("http") else ""


def number(text: str) -> int:
    """Return a whole number."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise InvalidValueError(text)
    return int(text)


def code(least: int, most: int, other: int) -> Callable[[str], int]:
    """Return a reader of status codes, with another one for those out of range."""

    def parse(text: str) -> int:
        found = number(text)
        return found if least <= found <= most else other

    return parse


def boolean(text: str) -> bool:
    """Return what Go's ``strconv.ParseBool`` does."""
    if text not in (*_TRUE, *_FALSE):
        raise InvalidValueError(text)
    return text in _TRUE


def option(*allowed: str, upper: bool = False) -> Callable[[str], str]:
    """Return a reader of one word of a list, in any case; the word is returned in lower (or upper) case."""

    def parse(text: str) -> str:
        if text.strip().lower() not in [entry.lower() for entry in allowed]:
            raise InvalidValueError(text)
        return text.strip().upper() if upper else text.strip().lower()

    return parse


def one_of(*allowed: str) -> Callable[[str], str]:
    """Return a reader of one word of a list, in exactly that spelling."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise InvalidValueError(text)
        return text

    return parse


next_upstream = pattern(
    r"((error|timeout|invalid_header|http_500|http_502|http_503|http_504|http_403|http_404|http_429"
    r"|non_idempotent|off) ?)+"
)


def networks(text: str) -> tuple[str, ...]:
    """Return addresses and networks, sorted."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(sorted({_network(part) for part in parts}))
    except ValueError as error:
        raise InvalidValueError(text) from error


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False)) if "/" in text else str(ipaddress.ip_address(text))


def codes(text: str) -> tuple[int, ...]:
    """Return a list of status codes between 400 and 599."""
    compact = text.replace(" ", "")
    if not re.fullmatch(r"\d{3}(,\d{3})*", compact):
        raise InvalidValueError(text)
    return tuple(sorted({int(part) for part in compact.split(",") if 400 <= int(part) < 600}))  # noqa: PLR2004


def names(text: str) -> tuple[str, ...]:
    """Return a list of server names, in which characters of regular expressions are allowed."""
    parts = [part.strip() for part in text.split(",")]
    return tuple(sorted({regex(part) for part in parts if part}))


def listed(text: str) -> tuple[str, ...]:
    """Return the header names of a list."""
    return tuple(part.strip() for part in headers(text).split(",") if part.strip())


def anything(text: str) -> str:
    """Return any text: for snippets, which an administrator has to allow first."""
    return text
