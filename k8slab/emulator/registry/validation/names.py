"""Names and labels (k8s.io/apimachinery/pkg/util/validation)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8slab.kube.status import FORBIDDEN, INVALID, REQUIRED, FieldError

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
TOTAL_ANNOTATIONS = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})


@dataclass(frozen=True, slots=True)
class NameRule:
    """A pattern, the longest length in bytes, and the sentence that explains it."""

    pattern: re.Pattern[str]
    longest: int
    sentence: str
    without_dots: bool = False

    def problems(self, value: str) -> Iterator[str]:
        """Yield what is wrong with a text."""
        if len(value) > self.longest:
            yield f"must be no more than {self.longest} characters"
        if self.pattern.fullmatch(value):
            return
        # k8s.io/apimachinery: a label that would do as a subdomain has only its dots wrong.
        only_dots = self.without_dots and re.fullmatch(_SUBDOMAIN, value)
        yield "must not contain dots" if only_dots else self.sentence


SUBDOMAIN = NameRule(
    re.compile(_SUBDOMAIN),
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')",
)
LABEL = NameRule(
    re.compile(_LABEL),
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')",
    without_dots=True,
)
DNS_1035 = NameRule(
    re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?"),
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')",
)
QUALIFIED_NAME_PART = NameRule(
    re.compile(_QUALIFIED),
    63,
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')",
)
LABEL_VALUE = NameRule(
    re.compile(rf"({_QUALIFIED})?"),
    63,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'({_QUALIFIED})?')",
)
CONFIG_KEY = NameRule(
    re.compile(r"[-._a-zA-Z0-9]+"),
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
)
ENV_NAME = NameRule(
    re.compile(r"[ -<>-~]+"),
    1 << 20,
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
)
PORT_NAME_LETTER = "must contain at least one letter (a-z)"
PORT_NAME_CHARACTERS = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"


def check(rule: NameRule, path: str, value: str) -> Iterator[FieldError]:
    """Yield an error for each way in which a text breaks a rule."""
    for problem in rule.problems(value):
        yield FieldError(INVALID, path, value, problem)


def config_key_problems(rule: NameRule, key: str) -> Iterator[str]:
    """Yield what is wrong with a key of a ConfigMap or Secret."""
    yield from rule.problems(key)
    if key in (".", ".."):
        yield f"must not be '{key}'"
    elif key.startswith(".."):
        yield "must not start with '..'"


def port_name_problems(name: str) -> Iterator[str]:
    """Yield what is wrong with a container's port name (an IANA service name)."""
    if len(name) > 15:  # noqa: PLR2004
        yield "must be no more than 15 characters"
    if not re.fullmatch(r"[-a-z0-9]+", name):
        yield PORT_NAME_CHARACTERS
    if not re.search(r"[a-z]", name):
        yield PORT_NAME_LETTER
    if "--" in name:
        yield "must not contain consecutive hyphens"
    if name.startswith("-") or name.endswith("-"):
        yield "must not begin or end with a hyphen"


def qualified_name_problems(name: str) -> Iterator[str]:
    """Yield what is wrong with a label's or annotation's key."""
    prefix, slash, part = name.rpartition("/")
    if "/" in prefix:
        yield (
            f"a qualified name {QUALIFIED_NAME_PART.sentence.removeprefix('name part ')}"
            " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif prefix:
        yield from (f"prefix part {problem}" for problem in SUBDOMAIN.problems(prefix))
    if not part:
        yield "name part must be non-empty"
    elif len(part) > QUALIFIED_NAME_PART.longest:
        yield "name part must be no more than 63 characters"
    if not QUALIFIED_NAME_PART.pattern.fullmatch(part):
        yield QUALIFIED_NAME_PART.sentence


def check_labels(labels: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    """Yield an error for each wrong key or value."""
    for key, value in sorted(labels.items()):
        for problem in qualified_name_problems(key):
            yield FieldError(INVALID, path, key, problem)
        for problem in LABEL_VALUE.problems(value):
            yield FieldError(INVALID, path, value, problem)


def check_metadata(metadata: Mapping[str, Any], rule: NameRule, path: str = "metadata") -> Iterator[FieldError]:
    """Yield the errors of an object's metadata."""
    name, generate = metadata.get("name", ""), metadata.get("generateName", "")
    if generate:
        yield from check(rule, f"{path}.generateName", _masked(generate))
    if not name:
        yield FieldError(REQUIRED, f"{path}.name", detail="name or generateName is required")
    else:
        yield from check(rule, f"{path}.name", name)
    yield from check_labels(metadata.get("labels") or {}, f"{path}.labels")
    yield from _check_annotations(metadata.get("annotations") or {}, f"{path}.annotations")
    yield from _check_owners(metadata.get("ownerReferences") or [], f"{path}.ownerReferences")
    yield from _check_finalizers(metadata.get("finalizers") or [], f"{path}.finalizers")


def _masked(prefix: str) -> str:
    # A suffix follows, so a trailing dash is no mistake; the sign before it goes unseen (validation.maskTrailingDash).
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def check_metadata_update(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield what a change of metadata may not do (ValidateObjectMetaAccessorUpdate)."""
    added = sorted(set(new.get("finalizers") or []) - set(old.get("finalizers") or []))
    if added and old.get("deletionTimestamp"):
        listed = ", ".join(f'"{name}"' for name in added)
        detail = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
        yield FieldError(FORBIDDEN, "metadata.finalizers", detail=f"{detail}{{{listed}}}")


def _check_owners(owners: Sequence[Mapping[str, Any]], path: str) -> Iterator[FieldError]:
    for owner in owners:
        if not owner.get("apiVersion"):
            yield FieldError(INVALID, f"{path}.apiVersion", "", "version must not be empty")
        for field in ("kind", "name", "uid"):
            if not owner.get(field):
                yield FieldError(INVALID, f"{path}.{field}", "", "must not be empty")
    controllers = [f"{owner.get('kind')}/{owner.get('name')}" for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        found = f'Found "true" in references for {controllers[0]} and {controllers[1]}'
        detail = f"Only one reference can have Controller set to true. {found}"
        yield FieldError(INVALID, path, list(owners), detail)


def _check_finalizers(finalizers: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, name in enumerate(finalizers):
        where = f"{path}[{index}]"
        for problem in qualified_name_problems(name):
            yield FieldError(INVALID, path, name, problem)
        if "/" not in name and name not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield FieldError(INVALID, where, name, detail)


def _check_annotations(annotations: Mapping[str, str], path: str) -> Iterator[FieldError]:
    for key in sorted(annotations):
        for problem in qualified_name_problems(key.lower()):
            yield FieldError(INVALID, path, key, problem)
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > TOTAL_ANNOTATIONS:
        yield FieldError("Too long", path, detail=f"may not be more than {TOTAL_ANNOTATIONS} bytes")
