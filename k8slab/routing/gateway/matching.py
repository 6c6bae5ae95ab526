"""Which rule a request takes: matches in the specification's order of precedence (gw:apis/v1/httproute_types.go)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from k8slab.kube.objects import Obj
from k8slab.routing.gateway.hostnames import covers, precedence
from k8slab.routing.gateway.rules import Rule

Words = tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One match of a rule under one hostname; ``kind`` is the path's type, an empty method stands for all.

    Headers and queries are ``(name, is a pattern, value)``, names of headers in lower case. Patterns must match the
    whole value.
    """

    hostname: str
    kind: str
    path: str
    method: str
    headers: Words
    queries: Words
    rule: Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; ``path`` is decoded, names of headers are in lower case."""

    host: str
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)


# Exact paths win. Where regular expressions stand is left to implementations: here before prefixes.
_KINDS = ("Exact", "RegularExpression", "PathPrefix")


def entries(hostnames: Iterable[str], rules: Sequence[Rule]) -> list[Entry]:
    """Return the matches of a route's rules under its hostnames."""
    return [_entry(host, match, rule) for host in hostnames for rule in rules for match in rule.matches]


def _entry(host: str, match: Obj, rule: Rule) -> Entry:
    path = match.get("path") or {}
    return Entry(
        host, path.get("type") or "PathPrefix", path.get("value") or "/", match.get("method") or "",
        _words(match.get("headers") or (), lower=True), _words(match.get("queryParams") or (), lower=False), rule,
    )  # fmt: skip


def _words(given: Iterable[Obj], *, lower: bool) -> Words:
    """Return conditions; of those with the same name only the first counts, as the specification says."""
    found: dict[str, tuple[str, bool, str]] = {}
    for entry in given:
        name = entry["name"].lower() if lower else entry["name"]
        found.setdefault(name, (name, entry.get("type") == "RegularExpression", entry["value"]))
    return tuple(found.values())


def ordered(given: Iterable[tuple[tuple[str, str, str], Entry]]) -> list[Entry]:
    """Return entries, each given with its route's age, in the order in which they are tried."""
    return [entry for _, entry in sorted(given, key=lambda pair: _rank(*pair))]


def _rank(age: tuple[str, str, str], entry: Entry) -> tuple[object, ...]:
    path = (_KINDS.index(entry.kind), -len(entry.path))
    counts = (not entry.method, -len(entry.headers), -len(entry.queries))
    return (*precedence(entry.hostname), *path, *counts, *age, entry.rule.number)


def decide(ordered_entries: Iterable[Entry], asked: Asked) -> Entry | None:
    """Return the match that a request takes; None answers 404."""
    return next((entry for entry in ordered_entries if _matches(entry, asked)), None)


def _matches(entry: Entry, asked: Asked) -> bool:
    return (
        covers(entry.hostname, asked.host)
        and path_matches(entry.kind, entry.path, asked.path)
        and entry.method in ("", asked.method)
        and all(_holds(word, asked.headers) for word in entry.headers)
        and all(_holds(word, asked.queries) for word in entry.queries)
    )


def path_matches(kind: str, wanted: str, path: str) -> bool:
    """Tell whether a path matches; a prefix ends at a slash or at the path's end."""
    if kind == "PathPrefix":
        prefix = wanted.rstrip("/")
        return path == prefix or path.startswith(prefix + "/")
    return path == wanted if kind == "Exact" else re.fullmatch(wanted, path) is not None


def _holds(word: tuple[str, bool, str], given: Mapping[str, str]) -> bool:
    name, pattern, value = word
    if name not in given:
        return False
    return re.fullmatch(value, given[name]) is not None if pattern else given[name] == value


def replaced(path: str, prefix: str, replacement: str) -> str:
    """Return a path with its matched prefix replaced, so that exactly one slash stands between the parts."""
    rest = path[len(prefix.rstrip("/")) :]
    return (replacement.rstrip("/") + rest if rest.startswith("/") else replacement) or "/"
