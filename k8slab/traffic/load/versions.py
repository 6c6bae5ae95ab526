"""Which version an answer came from: a header that was named, else its title or first line."""

from __future__ import annotations

import re
from collections.abc import Callable

_TITLE = re.compile(rb"<title>([^<]{1,80})</title>", re.IGNORECASE)
_LINE = re.compile(rb"\S[^\r\n]{0,59}")


def versioner(header: str) -> Callable[[bytes, bytes], str]:
    """Return what reads the version of an answer from its head and body."""
    pattern = re.compile(rb"\r\n" + re.escape(header.encode()) + rb": *([^\r\n]*)", re.IGNORECASE) if header else None

    def version(head: bytes, body: bytes) -> str:
        found = pattern.search(head) if pattern else _TITLE.search(body[:2000])
        if found:
            return found[1].decode(errors="replace").strip()
        line = None if pattern else _LINE.search(body[:200])
        return line[0].decode(errors="replace").strip() if line else ""

    return version
