"""How a site of the lab looks from a browser: addresses, redirects, cookies and links translated. Pure.

At home each host has a name of its own below ``localhost`` (browsers lead all of those to this machine):
``http://hello.example.test.localhost:PORT/``, and ``http://hello.example.test.tls.localhost:PORT/`` for https. Behind a
Jupyter server, where there is one name only, the host is the first part of the path: ``.../proxy/PORT/http/HOST/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

_LOCAL, _TLS = ".localhost", ".tls"
_ATTRIBUTE = re.compile(rb"(?i)\b(href|src|action)(\s*=\s*)([\"'])([^\"'<>\s]*)\3")
_BODY = re.compile(rb"(?i)<body[^>]*>")
_COOKIE_DOMAIN = re.compile(r"(?i);\s*domain=[^;]*")
_COOKIE_SECURE = re.compile(r"(?i);\s*(secure|samesite=none)(?=;|$)")
_COOKIE_PATH = re.compile(r"(?i);\s*path=([^;]*)")


@dataclass(frozen=True, slots=True)
class Site:
    """A scheme and a host of the lab."""

    scheme: str
    host: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the proxy is seen: on ``port`` of this machine, or below ``prefix`` of a Jupyter server (a path)."""

    port: int
    prefix: str = ""

    def base(self, site: Site) -> str:
        """Return what a browser sees instead of ``scheme://host``, without a slash at its end."""
        if self.prefix:
            return f"{self.prefix.rstrip('/')}/{site.scheme}/{site.host}"
        return f"http://{site.host}{_TLS if site.scheme == 'https' else ''}{_LOCAL}:{self.port}"

    def site_of(self, host: str, path: str) -> tuple[Site, str] | None:
        """Return the site and the path that a browser's request means; None where it names none."""
        name = host.rpartition(":")[0] or host
        if name.endswith(_LOCAL):
            name = name.removesuffix(_LOCAL)
            scheme = "https" if name.endswith(_TLS) else "http"
            return Site(scheme, name.removesuffix(_TLS)), path
        parts = path.split("/", 3)
        if len(parts) > 2 and parts[1] in ("http", "https") and parts[2]:  # noqa: PLR2004 - "", scheme, host, rest
            return Site(parts[1], parts[2]), "/" + (parts[3] if len(parts) > 3 else "")  # noqa: PLR2004
        return None


# Tells whether a host is one of the lab's.
Ours = Callable[[str], bool]


def seen_url(url: str, site: Site, place: Place, ours: Ours) -> str:
    """Return a URL of a page of ``site`` as the browser must ask for it; other sites' stay as they are."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.hostname and ours(parts.hostname):
        target = Site(parts.scheme, parts.hostname)
        return place.base(target) + url[url.index(parts.netloc) + len(parts.netloc) :]
    if url.startswith("//") and parts.hostname and ours(parts.hostname):
        return place.base(Site(site.scheme, parts.hostname)) + url[2 + len(parts.netloc) :]
    if url.startswith("/") and not url.startswith("//") and place.prefix:
        return place.base(site) + url
    return url


def seen_cookie(cookie: str, site: Site, place: Place) -> str:
    """Return a Set-Cookie value that the browser keeps for the proxy's address, which is http."""
    cookie = _COOKIE_SECURE.sub("", _COOKIE_DOMAIN.sub("", cookie))
    if not place.prefix:
        return cookie
    base = place.base(site)
    return _COOKIE_PATH.sub(lambda found: f"; Path={base}{found[1].strip()}", cookie)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the browser gets it, and how many links were translated."""

    body: bytes
    links: int


def seen_page(body: bytes, site: Site, place: Place, ours: Ours, reached: str) -> Page:
    """Return an HTML page with its links translated and a line on top that says so."""
    count = 0

    def link(found: re.Match[bytes]) -> bytes:
        nonlocal count
        url = found[4].decode(errors="surrogateescape")
        new = seen_url(url, site, place, ours)
        count += new != url
        return b"".join((found[1], found[2], found[3], new.encode(errors="surrogateescape"), found[3]))

    changed = _ATTRIBUTE.sub(link, body)
    banner = banner_html(site, reached, count).encode()
    begins = _BODY.search(changed)
    at = begins.end() if begins else 0
    return Page(changed[:at] + banner + changed[at:], count)


def banner_html(site: Site, reached: str, links: int) -> str:
    """Return the line on top of each page: where it comes from, what was changed, what is not possible."""
    did = f"Host: {site.host}; {links} links, redirects and cookie domains were translated"
    cannot = "addresses made by scripts, WebSockets and certificates are not"
    return (
        '<div style="all:initial;display:block;font:12px sans-serif;padding:4px 8px;background:#ddf4ff;color:#0a3069">'
        f"k8slab visit: {escape(site.scheme)}://{escape(site.host)}/ through the ingress at {escape(reached)}"
        f" ({escape(did)}; {escape(cannot)})</div>"
    )
