"""Reads the configuration in a pod's tree; ``include`` is followed inside the tree only."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from typing import Any

import crossplane

from k8slab.emulator.node.nginx.translate import ConfigurationError, Directive, Places

_DEEPEST = 10


def load(places: Places, path: str = "/etc/nginx/nginx.conf", depth: int = 0) -> list[Directive]:
    """Return the directives of a file with everything that it includes; raises ``ConfigurationError``."""
    if depth > _DEEPEST:
        raise ConfigurationError(f"[emerg] too many levels of include in {path}")
    parsed: dict[str, Any] = crossplane.parse(
        places.inside(path), single=True, check_ctx=False, check_args=False, strict=False
    )
    problems = [error for config in parsed["config"] for error in config["errors"]] + list(parsed["errors"])
    if problems:
        text = str(problems[0]["error"]).replace(places.root, "")
        raise ConfigurationError(f"[emerg] {text}")
    return list(_followed(places, _placed(parsed["config"][0]["parsed"], path), depth))


def _placed(directives: Iterable[Directive], path: str) -> Iterator[Directive]:
    for entry in directives:
        placed = {**entry, "file": path}
        if "block" in entry:
            placed["block"] = list(_placed(entry["block"], path))
        yield placed


def _followed(places: Places, directives: Iterable[Directive], depth: int) -> Iterator[Directive]:
    for entry in directives:
        if entry["directive"] == "include":
            for found in _included(places, str(entry["args"][0])):
                yield from load(places, found, depth + 1)
        elif "block" in entry:
            yield {**entry, "block": list(_followed(places, entry["block"], depth))}
        else:
            yield entry


def _included(places: Places, pattern: str) -> list[str]:
    inside = places.inside(pattern)
    if not glob.has_magic(pattern):
        return [inside.removeprefix(places.root)]
    return sorted(found.removeprefix(places.root) for found in glob.glob(inside))  # noqa: PTH207 - Path.glob refuses absolute patterns
