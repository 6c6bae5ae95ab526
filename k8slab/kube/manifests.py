"""YAML manifests with line numbers, read from untrusted text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from k8slab.errors import ManifestError
from k8slab.kube.objects import Obj

MAX_BYTES = 3 * 1024 * 1024
MAX_DEPTH = 60
# Aliases multiply what is written; a manifest needs few.
MAX_NODES = 200_000

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document; ``line`` is its first line in the text (from 1), ``lines`` those of its fields."""

    obj: Obj
    line: int
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, *path: str | int) -> int:
        """Return the line of a field, or that of the nearest field above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.line)


def load_manifests(text: str, *, max_bytes: int = MAX_BYTES) -> list[Manifest]:
    """Return the documents of a text; raises ``ManifestError`` with the line and what to do."""
    if len(text.encode()) > max_bytes:
        raise ManifestError(
            f"This YAML has {len(text.encode()):,} bytes; the API takes at most {max_bytes:,}.",
            "Split it into several smaller ones.",
        )
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise _syntax(error, text) from error
    except RecursionError as error:
        raise ManifestError(
            "This YAML is nested too deeply to be read.", f"Keep it below {MAX_DEPTH} levels."
        ) from error
    return [_manifest(node) for node in nodes if not _is_empty(node)]


def _is_empty(node: yaml.Node | None) -> bool:
    return node is None or (isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null")


def _syntax(error: yaml.YAMLError, text: str) -> ManifestError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    shown = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())] or "'\\t'" in problem:
        return ManifestError(
            f"line {line}: a tab stands where YAML wants spaces.", "Indent with spaces, two for each level."
        )
    action = f"Look at line {line}: {shown.strip()[:80]}" if shown else "Look at the end of the text."
    return ManifestError(f"line {line}: {problem}", action)


@dataclass(slots=True)
class _Reader:
    """Turns nodes into values, counting them, so that aliases cannot grow without end."""

    lines: dict[Path, int] = field(default_factory=dict)
    count: int = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        line = node.start_mark.line + 1
        if self.count > MAX_NODES:
            raise ManifestError(
                f"line {line}: aliases make this YAML grow beyond {MAX_NODES:,} values.", "Write it out instead."
            )
        if len(path) > MAX_DEPTH:
            raise ManifestError(f"line {line}: this YAML is nested more than {MAX_DEPTH} levels deep.", "Flatten it.")
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _pairs(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = _key(key_node)
            if key in seen:
                raise ManifestError(
                    f'line {line}: the key "{key}" stands twice (first in line {seen[key]}).', "Remove one of the two."
                )
            seen[key] = line
            self.lines[(*path, key)] = line
            yield key, self.value(value_node, (*path, key))


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        line = node.start_mark.line + 1
        raise ManifestError(f"line {line}: a key must be a plain word.", "Quote values that begin with { or [.")
    value = _scalar(node)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(node: yaml.Node) -> Any:
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        line = node.start_mark.line + 1
        raise ManifestError(f"line {line}: this value cannot be read: {error}", "Put it in quotes.") from error
    # Dates are texts in JSON.
    return value if value is None or isinstance(value, bool | int | float | str) else str(node.value)


def _manifest(node: yaml.Node) -> Manifest:
    reader = _Reader()
    line = node.start_mark.line + 1
    value = reader.value(node, ())
    if not isinstance(value, dict):
        raise ManifestError(
            f"line {line}: a manifest is a mapping (apiVersion: ..., kind: ...), not a {type(value).__name__}.",
            "Begin it with apiVersion and kind.",
        )
    for name in ("apiVersion", "kind"):
        if not value.get(name):
            raise ManifestError(f"line {line}: the manifest has no {name}.", f"Add it: {_EXAMPLES[name]}")
    return Manifest(value, line, reader.lines)


_EXAMPLES = {"apiVersion": "apiVersion: apps/v1", "kind": "kind: Deployment"}
