"""Which host and which path of it a request takes, as nginx decides it over the controller's configuration.

Sources: ing:…/template/template.go (buildLocation, enforceRegexModifier), ing:internal/ingress/controller/location.go,
nginx's ngx_http_core_find_location and ngx_http_parse_complex_uri; checked against a real nginx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from k8slab.routing.model import CATCH_ALL, Location, Model, Server

Kind = Literal["exact", "prefix", "regex"]


@dataclass(frozen=True, slots=True)
class Head:
    """One ``location`` of a server: how it matches, the text it matches, and the path it was made of."""

    kind: Kind
    text: str
    location: Location

    @property
    def expression(self) -> re.Pattern[str] | None:
        """Return the regular expression, None when nginx would refuse it."""
        try:
            return re.compile(self.text, re.IGNORECASE)
        except re.error:
            return None

    def matches(self, path: str) -> bool:
        """Tell whether a decoded path is this location's."""
        if self.kind == "regex":
            found = self.expression
            return found is not None and found.search(path) is not None
        return path == self.text if self.kind == "exact" else path.startswith(self.text)

    def adds_slash(self, path: str) -> bool:
        """Tell whether nginx answers 301 to the path with a slash at its end."""
        return self.kind != "regex" and self.text.endswith("/") and path + "/" == self.text


def heads(server: Server) -> Iterator[Head]:
    """Yield a server's locations in the order they stand in the configuration."""
    is_regex = server.is_regex
    exact = {entry.path for entry in server.locations if entry.path_type == "Exact"}
    for location in sorted(server.locations, key=lambda entry: (entry.path, len(entry.path)), reverse=True):
        yield from _heads(location, exact, is_regex=is_regex)


def _heads(location: Location, exact: set[str], *, is_regex: bool) -> Iterator[Head]:
    path = location.path
    split = location.path_type == "Prefix" and path != "/" and not location.makes_regex
    texts = [(path.rstrip("/") + "/", False), (path, True)] if split else [(path, location.path_type == "Exact")]
    for text, is_exact in texts:
        if split and is_exact and path in exact:
            continue  # the Exact path of that name answers
        if is_regex:
            yield Head("regex", "^" + text, location)
        else:
            yield Head("exact" if is_exact else "prefix", text, location)


@dataclass(frozen=True, slots=True)
class Found:
    """The location that nginx takes; ``redirect`` when it answers 301 with a slash added instead."""

    head: Head | None
    redirect: bool = False


def find_location(candidates: list[Head], path: str) -> Found:
    """Return what nginx takes for a decoded path."""
    exact = next((head for head in candidates if head.kind == "exact" and head.matches(path)), None)
    if exact:
        return Found(exact)
    slash = next((head for head in candidates if head.adds_slash(path)), None)
    if slash:
        return Found(slash, redirect=True)
    regex = next((head for head in candidates if head.kind == "regex" and head.matches(path)), None)
    prefixes = [head for head in candidates if head.kind == "prefix" and head.matches(path)]
    return Found(regex or max(prefixes, key=lambda head: len(head.text), default=None))


def find_server(model: Model, host: str) -> Server:
    """Return the server for a Host header: its own name, an alias, the wildcard of one label, or the catch-all."""
    name = host_name(host)
    for server in model.servers.values():
        if name and name != CATCH_ALL and name in (server.host, *server.aliases):
            return server
    label, _, rest = name.partition(".")
    wildcard = model.servers.get(f"*.{rest}") if re.fullmatch(r"[\w-]+", label) else None
    return wildcard or _by_expression(model, name) or model.servers[CATCH_ALL]


def _by_expression(model: Model, name: str) -> Server | None:
    """Return the server with an alias that is a regular expression or a wildcard."""
    for server in model.servers.values():
        for alias in server.aliases:
            if alias.startswith("~") and _searches(alias[1:], name):
                return server
            if alias.startswith("*.") and name.endswith(alias[1:]):
                return server
    return None


def _searches(expression: str, text: str) -> bool:
    try:
        return re.search(expression, text) is not None
    except re.error:
        return False


def host_name(host: str) -> str:
    """Return a Host header's name as nginx compares it: in lower case, without port and final dot."""
    name = host.lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    return name.removesuffix(".")


def normalised(path: str) -> str:
    """Return a request path decoded, with ``.``, ``..`` and double slashes resolved; the query is cut off.

    Raises ``ValueError`` for what nginx answers with 400: a path that leaves the root, or a broken escape.
    """
    text = path.partition("#")[0].partition("?")[0]
    raw = text.encode("utf-8", "surrogateescape")
    if re.search(rb"%(?![0-9A-Fa-f]{2})|%00", raw) or not raw.startswith(b"/"):
        raise ValueError(path)
    decoded = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), raw)
    kept: list[bytes] = []
    parts = decoded.split(b"/")[1:]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == b"..":
            if not kept:
                raise ValueError(path)
            kept.pop()
        elif part not in (b"", b"."):
            kept.append(part)
            continue
        if last:
            kept.append(b"")
    joined = b"/" + b"/".join(kept)
    return joined.decode("utf-8", "surrogateescape")
