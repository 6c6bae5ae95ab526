"""The request whose way is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from k8slab.errors import CommandError

Origin = Literal["outside", "inside"]


@dataclass(frozen=True, slots=True)
class Request:
    """``origin`` is a pod of ``namespace`` (``pod`` when named) or this machine; ``path`` is as it was typed."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""
    origin: Origin = "outside"
    namespace: str = "default"
    pod: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body_bytes: int = 0
    # False where the URL names no port: a Service on another port is then a likely mistake.
    says_port: bool = False

    @property
    def url(self) -> str:
        """Return the URL."""
        port = f":{self.port}" if self.says_port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def decoded_path(self) -> str:
        """Return the path as servers match it."""
        return unquote(self.path)

    @property
    def server_name(self) -> str:
        """Return the host that servers choose by: the Host header where one is given."""
        given = next((value for name, value in self.headers.items() if name.lower() == "host"), "")
        return (given.partition(":")[0] if given else self.host).lower().rstrip(".")


def parse_request(url: str, **more: Any) -> Request:
    """Read a URL (http is assumed); raises ``CommandError`` for what is none."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise CommandError(f"{url} is no URL: {error}.", "For example: http://my-dep:8000/") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise CommandError(f"{url} is no http URL with a host.", "For example: http://my-dep:8000/")
    standard = 443 if parts.scheme == "https" else 80
    fixed = Request(parts.scheme, host, port or standard, parts.path or "/", parts.query, says_port=port is not None)
    return replace(fixed, **more)
