"""RBAC's rules: what a rule allows, whom a binding names, and what one set of rules has beyond another. Pure.

Sources: pkg/apis/rbac/v1/evaluation_helpers.go, pkg/registry/rbac/validation (rule.go, policy_compact.go) and
k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rule = Mapping[str, Any]
ALL = "*"
# The order in which a rule's fields are printed.
_SHOWN = (
    ("APIGroups", "apiGroups"),
    ("Resources", "resources"),
    ("NonResourceURLs", "nonResourceURLs"),
    ("ResourceNames", "resourceNames"),
    ("Verbs", "verbs"),
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What somebody wants to do: a verb on a resource or, with ``path``, on a URL that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def whole_resource(self) -> str:
        """Return ``pods/log``, or ``pods``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def allows(rule: Rule, wanted: Attributes) -> bool:
    """Tell whether a PolicyRule allows it."""
    verbs = rule.get("verbs") or ()
    if ALL not in verbs and wanted.verb not in verbs:
        return False
    if wanted.path:
        return any(_covers_url(url, wanted.path) for url in rule.get("nonResourceURLs") or ())
    groups, names = rule.get("apiGroups") or (), rule.get("resourceNames") or ()
    return (
        (ALL in groups or wanted.group in groups)
        and _has_resource(rule.get("resources") or (), wanted)
        and (not names or wanted.name in names)
    )


def _has_resource(resources: Sequence[str], wanted: Attributes) -> bool:
    part = f"*/{wanted.subresource}" if wanted.subresource else None
    return any(entry in (ALL, wanted.whole_resource, part) for entry in resources)


def _covers_url(pattern: str, url: str) -> bool:
    return pattern in (ALL, url) or (pattern.endswith(ALL) and url.startswith(pattern.rstrip(ALL)))


def names(subject: Mapping[str, Any], user: str, groups: Sequence[str], namespace: str) -> bool:
    """Tell whether a binding's subject is that user; ``namespace`` is the binding's own, empty outside namespaces."""
    kind, name = subject.get("kind"), str(subject.get("name", ""))
    if kind == "User":
        return user == name
    if kind == "Group":
        return name in groups
    where = subject.get("namespace") or namespace
    return kind == "ServiceAccount" and bool(where) and user == f"system:serviceaccount:{where}:{name}"


def missing(owned: Sequence[Rule], wanted: Sequence[Rule]) -> list[Rule]:
    """Return what ``wanted`` allows and ``owned`` does not, a rule for each resource."""
    lacking = [part for rule in wanted for part in _parts(rule) if not any(_covers(own, part) for own in owned)]
    return list(_compacted(lacking))


def _parts(rule: Rule) -> Iterator[Rule]:
    """Split a rule into such with one verb, one resource and at most one name each."""
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule.get("verbs") or ():
                plain = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                named = rule.get("resourceNames") or ()
                yield from ({**plain, "resourceNames": [name]} for name in named) if named else (plain,)
    for url in rule.get("nonResourceURLs") or ():
        yield from ({"nonResourceURLs": [url], "verbs": [verb]} for verb in rule.get("verbs") or ())


def _covers(owner: Rule, part: Rule) -> bool:
    owner_names = owner.get("resourceNames") or ()
    part_names = part.get("resourceNames") or ()
    urls = owner.get("nonResourceURLs") or ()
    return (
        _has(owner.get("verbs"), part.get("verbs"))
        and _has(owner.get("apiGroups"), part.get("apiGroups"))
        and _has_all_resources(owner.get("resources") or (), part.get("resources") or ())
        and (not owner_names or (bool(part_names) and set(part_names) <= set(owner_names)))
        and all(any(_covers_owned_url(own, url) for own in urls) for url in part.get("nonResourceURLs") or ())
    )


def _covers_owned_url(pattern: str, url: str) -> bool:
    return pattern == url or (pattern.endswith(ALL) and url.startswith(pattern.rstrip(ALL)))


def _has(owned: Sequence[str] | None, wanted: Sequence[str] | None) -> bool:
    return ALL in (owned or ()) or set(wanted or ()) <= set(owned or ())


def _has_all_resources(owned: Sequence[str], wanted: Sequence[str]) -> bool:
    return ALL in owned or all(entry in owned or f"*/{entry.partition('/')[2]}" in owned for entry in wanted)


def _compacted(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Join rules that differ by their verb only."""
    joined: dict[tuple[str, str, tuple[str, ...]], dict[str, Any]] = {}
    for rule in rules:
        if "nonResourceURLs" in rule:
            yield rule
            continue
        key = (rule["apiGroups"][0], rule["resources"][0], tuple(rule.get("resourceNames", ())))
        known = joined.setdefault(key, {**rule, "verbs": []})
        known["verbs"] = [*known["verbs"], *rule["verbs"]]
    yield from joined.values()


def shown(rule: Rule) -> str:
    """Return a rule as escalation errors print it: ``{APIGroups:[""], Resources:["pods"], Verbs:["get"]}``."""
    parts = [f"{title}:{go_strings(rule[field])}" for title, field in _SHOWN if rule.get(field)]
    return f"{{{', '.join(parts)}}}"


def go_strings(texts: Sequence[str]) -> str:
    """Return texts as Go's ``%q`` prints a list: ``["get" "list"]``."""
    return f"[{' '.join(json.dumps(text, ensure_ascii=False) for text in texts)}]"
