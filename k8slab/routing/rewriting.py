"""What ``rewrite "(?i)PATH" TARGET break;`` makes of a request path, as nginx does it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What nginx escapes in a changed path on the way to the application (ngx_escape_uri, NGX_ESCAPE_URI).
_UNSAFE = re.compile(rb"[\x00-\x20#%?\x7f-\xff]")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new path (decoded), or where an absolute target redirects to; ``groups`` are the captured texts."""

    path: str
    redirect: str = ""
    groups: tuple[str, ...] = ()
    changed: bool = True


def rewrite(expression: str, target: str, path: str) -> Rewritten:
    """Return what a decoded path becomes; raises ``re.error`` for an expression that nginx refuses too."""
    match = re.search(expression, path, re.IGNORECASE)
    if match is None:
        return Rewritten(path, changed=False)
    groups = tuple(found or "" for found in match.groups())
    made = re.sub(r"\$(\d)", lambda found: _group(groups, match, int(found[1])), target)
    if target.startswith(("http://", "https://", "$scheme")):
        return Rewritten(path, redirect=made, groups=groups)
    return Rewritten(made, groups=groups)


def _group(groups: tuple[str, ...], match: re.Match[str], number: int) -> str:
    if number == 0:
        return str(match[0])
    return groups[number - 1] if number <= len(groups) else ""


def escaped(path: str) -> str:
    """Return a decoded path as it stands in the request line to the application."""
    raw = path.encode("utf-8", "surrogateescape")
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
