"""How the texts of annotations and of the controller's ConfigMap are read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable


class InvalidValueError(ValueError):
    """A value that the annotation's rule does not allow."""


_TARGET = re.compile(r"/?[-._~a-zA-Z0-9/:$]*")
_URL = re.compile(r"[-._~a-zA-Z0-9/:,?&=]*")
_SIZE = re.compile(r"\d+[bkmgt]?", re.IGNORECASE)
_HOST = re.compile(r"[-._~a-zA-Z0-9:$]*")
_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")


def target(text: str) -> str:
    """Return a path to rewrite to; raises ``InvalidValueError``."""
    if not _TARGET.fullmatch(text):
        raise InvalidValueError(text)
    return text


def url(text: str) -> str:
    """Return an address to redirect to; raises ``InvalidValueError``."""
    if not _URL.fullmatch(text):
        raise InvalidValueError(text)
    return text


def web_url(text: str) -> str:
    """Return an http address, an empty text for others; raises ``InvalidValueError``."""
    url(text)
    # A relative address or another scheme is accepted and has no effect (measured on the real controller).
    return text if text.startswith("http") else ""


def number(text: str) -> int:
    """Return a whole number; raises ``InvalidValueError``."""
    if not re.fullmatch(r"[+-]?\d+", text):
        raise InvalidValueError(text)
    return int(text)


def code(least: int, most: int, other: int) -> Callable[[str], int]:
    """Return a reader of status codes, with another one for those out of range."""

    def parse(text: str) -> int:
        code = number(text)
        return code if least <= code <= most else other

    return parse


def boolean(text: str) -> bool:
    """Return what Go's ``strconv.ParseBool`` does; raises ``InvalidValueError``."""
    if text not in (*_TRUE, *_FALSE):
        raise InvalidValueError(text)
    return text in _TRUE


def networks(text: str) -> tuple[str, ...]:
    """Return addresses and networks, sorted; raises ``InvalidValueError``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tuple(
            sorted(
                {
                    str(ipaddress.ip_network(part, strict=False)) if "/" in part else str(ipaddress.ip_address(part))
                    for part in parts
                }
            )
        )
    except ValueError as error:
        raise InvalidValueError(text) from error


def size(text: str) -> str:
    """Return a size as nginx writes it; raises ``InvalidValueError``."""
    if not _SIZE.fullmatch(text):
        raise InvalidValueError(text)
    return text


def host(text: str) -> str:
    """Return a host name; raises ``InvalidValueError``."""
    if not _HOST.fullmatch(text):
        raise InvalidValueError(text)
    return text
