"""Requests with bodies that are wrong in some way, what must be there before, and the form of an answer to compare."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[3] / "golden" / "decoding" / "answers.json"
_CORE = "/api/v1/namespaces"
_CONTAINER = {"name": "a", "image": "b"}
_TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [_CONTAINER]}}
_DEPLOYMENT = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": _TEMPLATE}
PRESENT: list[tuple[str, dict[str, Any]]] = [
    (_CORE, {"metadata": {"name": "fv"}}),
    (f"{_CORE}/fv/configmaps", {"metadata": {"name": "x"}}),
    (f"{_CORE}/fv/configmaps", {"metadata": {"name": "full", "labels": {"l": "m"}}, "data": {"a": "b"}}),
    (f"{_CORE}/fv/services", {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}),
    ("/apis/apps/v1/namespaces/fv/deployments", {"metadata": {"name": "d"}, "spec": _DEPLOYMENT}),
]
_CHANGING = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r'(resourceVersion\\*":\\*")\d+'), r"\g<1>0"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
)


def shown(code: int, warnings: list[str], body: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared: a ``Status`` whole, of an object only its kind."""
    made = {"code": code, "warnings": warnings}
    made |= {"status": body} if body.get("kind") == "Status" else {"kind": body.get("kind")}
    text = json.dumps(made)
    for pattern, stand_in in _CHANGING:
        text = pattern.sub(stand_in, text)
    found: dict[str, Any] = json.loads(text)
    return found
