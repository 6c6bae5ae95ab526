"""JSON patch (RFC 6902), with the error texts of the library that the API server uses (evanphx/json-patch)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from k8slab.kube.patch.errors import PatchError

# k8s.io/apiserver/pkg/endpoints/handlers/patch.go
MAX_OPERATIONS = 10_000
_MISSING = object()


def json_patch(document: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """Return the document with the operations applied in order; raises ``PatchError`` and changes nothing then."""
    if len(operations) > MAX_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}"
        raise PatchError(text)
    box = {"": copy.deepcopy(document)}
    for operation in operations:
        name = operation.get("op")
        action = _ACTIONS.get(str(name))
        if action is None:
            raise PatchError(f"Unexpected kind: {name}", unprocessable=True)
        action(box, operation)
    return box[""]


def _add(box: Any, operation: Mapping[str, Any]) -> None:
    _insert(box, _path(operation, "path"), copy.deepcopy(_value(operation)), "add", _text(operation, "path"))


def _remove(box: Any, operation: Mapping[str, Any]) -> None:
    _take(box, _path(operation, "path"), "remove", _text(operation, "path"))


def _replace(box: Any, operation: Mapping[str, Any]) -> None:
    where, text = _path(operation, "path"), _text(operation, "path")
    parent = _parent(box, where, "replace", text)
    if isinstance(parent, list) and _find(parent, where[-1]) is _MISSING:
        raise _unfit("replace", text, f"missing key: {text}")
    # The API server's library lets "replace" make the member of an object, against RFC 6902.
    _assign(parent, where[-1], copy.deepcopy(_value(operation)))


def _move(box: Any, operation: Mapping[str, Any]) -> None:
    value = _take(box, _path(operation, "from"), "move", _text(operation, "from"))
    _insert(box, _path(operation, "path"), value, "move", _text(operation, "path"))


def _copy(box: Any, operation: Mapping[str, Any]) -> None:
    where, text = _path(operation, "from"), _text(operation, "from")
    value = _find(_parent(box, where, "copy", text), where[-1])
    copied = None if value is _MISSING else copy.deepcopy(value)
    _insert(box, _path(operation, "path"), copied, "copy", _text(operation, "path"))


def _test(box: Any, operation: Mapping[str, Any]) -> None:
    where, text = _path(operation, "path"), _text(operation, "path")
    value = _find(_parent(box, where, "test", text), where[-1])
    if (None if value is _MISSING else value) != operation.get("value"):
        raise PatchError(f"testing value {text} failed: test failed", unprocessable=True)


_ACTIONS: Mapping[str, Callable[[Any, Mapping[str, Any]], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _text(operation: Mapping[str, Any], member: str) -> str:
    return str(operation.get(member, ""))


def _path(operation: Mapping[str, Any], member: str) -> list[str]:
    text = operation.get(member)
    if not isinstance(text, str):
        raise PatchError(f"{operation.get('op')} operation missing {member} field", unprocessable=True)
    if text and not text.startswith("/"):
        raise PatchError(f"{operation.get('op')} operation does not apply: invalid pointer {text}", unprocessable=True)
    # The document lies in a box under the empty key, so that the whole of it has a parent too.
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _value(operation: Mapping[str, Any]) -> Any:
    return operation.get("value")


def _parent(box: Any, where: Sequence[str], name: str, text: str) -> Any:
    node = box
    for step in where[:-1]:
        node = _find(node, step)
        if not isinstance(node, dict | list):
            raise _unfit(name, text, f"missing path: {text}")
    return node


def _find(node: Any, step: str) -> Any:
    if isinstance(node, dict):
        return node.get(step, _MISSING)
    place = _index(step, len(node))
    return node[place] if place is not None else _MISSING


def _index(step: str, size: int) -> int | None:
    if not step.lstrip("-").isdigit():
        return None
    place = int(step)
    return place % size if -size <= place < size else None


def _assign(parent: Any, step: str, value: Any) -> None:
    parent[step if isinstance(parent, dict) else _index(step, len(parent))] = value


def _insert(box: Any, where: Sequence[str], value: Any, name: str, text: str) -> None:
    parent = _parent(box, where, name, text)
    step = where[-1]
    if isinstance(parent, dict):
        parent[step] = value
    elif step == "-":
        parent.append(value)
    elif step.isdigit() and int(step) <= len(parent):
        parent.insert(int(step), value)
    else:
        raise _unfit(name, text, f"Unable to access invalid index: {step}")


def _take(box: Any, where: Sequence[str], name: str, text: str) -> Any:
    parent = _parent(box, where, name, text)
    value = _find(parent, where[-1])
    if value is _MISSING:
        raise _unfit(name, text, f"Unable to remove nonexistent key: {where[-1]}")
    del parent[where[-1] if isinstance(parent, dict) else _index(where[-1], len(parent))]
    return value


def _unfit(name: str, text: str, cause: str) -> PatchError:
    return PatchError(f"{name} operation does not apply: doc is missing path: {text}: {cause}", unprocessable=True)
