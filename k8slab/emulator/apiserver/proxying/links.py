"""Links of a proxied page, made to lead through the proxy again (k8s.io/apimachinery/pkg/util/proxy/transport.go)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# The attributes that hold a URL, by the names that the API server's table has.
_LINK = re.compile(
    r"""(?P<before><[a-z][^<>]*?\s(?:action|background|cite|codebase|data|formaction|href|icon|longdesc|manifest|poster|
    profile|src|usemap|value|classid)\s*=\s*)(?P<quote>["'])(?P<url>[^"'<>]*)(?P=quote)""",
    re.IGNORECASE | re.VERBOSE,
)


def rewritten(url: str, prefix: str, hosts: tuple[str, ...]) -> str:
    """Return a URL of the page behind ``prefix``; relative ones and those of other hosts stay as they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if (parts.netloc and parts.netloc not in hosts) or not parts.path.startswith("/"):
        return url
    kept = parts if parts.netloc == hosts[-1] else parts._replace(scheme="", netloc="")
    if parts.path.startswith(prefix):
        return kept.geturl()
    return kept._replace(path=prefix.rstrip("/") + parts.path).geturl()


def rewritten_page(page: str, prefix: str, hosts: tuple[str, ...]) -> str:
    """Return an HTML page with its links rewritten."""

    def replace(match: re.Match[str]) -> str:
        quote = match["quote"]
        return f"{match['before']}{quote}{rewritten(match['url'], prefix, hosts)}{quote}"

    # One tag may hold several links: each pass takes the next one of every tag.
    for _ in range(4):
        changed = _LINK.sub(replace, page)
        if changed == page:
            break
        page = changed
    return page
