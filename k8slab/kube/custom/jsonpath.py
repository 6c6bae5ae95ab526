"""The part of kubectl's JSONPath that printer columns and scale paths use (k8s.io/client-go/util/jsonpath).

``.spec.replicas``, ``.metadata.labels['a.b']``, ``.status.addresses[0].ip``, ``[*]``, and filters such as
``.status.conditions[?(@.type=="Ready")].status``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"""\.?\[\?\(\s*@(?P<field>[^=!<>\s]*)\s*(?:(?P<operator>==|!=)\s*(?P<wanted>"[^"]*"|'[^']*'|[^)\s]+)\s*)?\)\]"""
    r"""|\.?\[\s*(?:'(?P<quoted>[^']*)'|"(?P<double>[^"]*)"|(?P<index>-?\d+)|(?P<all>\*))\s*\]"""
    r"""|\.(?P<name>(?:\\.|[^.\[\]\\])+)|^(?P<first>(?:\\.|[^.\[\]\\{}])+)"""
)


class JsonPathError(ValueError):
    """A path that cannot be read."""


def steps(path: str) -> list[re.Match[str]]:
    """Return a path's steps; raises ``JsonPathError``."""
    text = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    found, position = [], 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise JsonPathError(f"cannot read {path!r} from {text[position:]!r} on")
        found.append(match)
        position = match.end()
    return found


def find(value: Any, path: str) -> list[Any]:
    """Return what a path finds, nothing where a field is missing; raises ``JsonPathError``."""
    values = [value]
    for step in steps(path):
        values = [found for one in values for found in _taken(one, step)]
    return values


def _taken(value: Any, step: re.Match[str]) -> Iterator[Any]:
    name = step["quoted"] or step["double"] or step["name"] or step["first"]
    if name is not None:
        key = re.sub(r"\\(.)", r"\1", name)
        if isinstance(value, dict) and key in value:
            yield value[key]
    elif step["all"]:
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif step["index"] is not None:
        if isinstance(value, list) and -len(value) <= int(step["index"]) < len(value):
            yield value[int(step["index"])]
    elif isinstance(value, list):
        yield from (item for item in value if _chosen(item, step))


def _chosen(item: Any, step: re.Match[str]) -> bool:
    found = find(item, step["field"]) if step["field"] else [item]
    if not step["operator"]:
        return bool(found)
    wanted = step["wanted"]
    if wanted[:1] in "\"'":
        equal = found[:1] == [wanted[1:-1]]
    else:
        equal = [str(entry).lower() if isinstance(entry, bool) else str(entry) for entry in found[:1]] == [wanted]
    return equal if step["operator"] == "==" else bool(found) and not equal
