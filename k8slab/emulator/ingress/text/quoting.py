"""Words of nginx's configuration language."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quoted(text: str) -> str:
    """Return a text as one word, in which variables count; control characters, which no value needs, are dropped."""
    clean = _CONTROL.sub("", text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return a text as one word in which a dollar sign is a dollar sign."""
    return quoted(text.replace("$", "${literal_dollar}"))
