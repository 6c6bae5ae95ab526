"""Why a body is no object, in the API server's words (endpoints/handlers/create.go, transformDecodeError)."""

from __future__ import annotations

from typing import Any

import yaml

from k8slab.kube.go_json import go_json_problem
from k8slab.kube.objects import Obj
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError, bad_request

_TYPE_META = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_SHOWN = 30


def unrecognized(kind: str, cause: str, data: bytes) -> ApiError:
    """400: the body cannot be read as an object at all."""
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {cause} ({summary(data)})")


def summary(data: bytes) -> str:
    """Return the beginning of a body: as it is when it looks like JSON, else in hexadecimal."""
    if not data:
        return "<empty>"
    more = " ..." if len(data) > _SHOWN else ""
    shown = data[:_SHOWN]
    return (shown.decode(errors="replace") if data[:1] == b"{" else shown.hex()) + more


def json_cause(data: bytes) -> str:
    """Return what Go says of a body that is not JSON."""
    problem = go_json_problem(data.decode(errors="replace")) if data.strip() else "unexpected end of JSON input"
    return f"couldn't get version/kind; json parse error: {problem or 'invalid character'}"


def type_cause(value: Any) -> str:
    """Return what Go says of a body that is JSON but no object with texts for its type; empty when it is one."""
    head = "couldn't get version/kind; json parse error: json: cannot unmarshal"
    if not isinstance(value, dict):
        return f"{head} {json_name(value)} into Go value of type {_TYPE_META}"
    for field in ("apiVersion", "kind"):
        found = value.get(field)
        if found is not None and not isinstance(found, str):
            return f"{head} {json_name(found)} into Go struct field .{field} of type string"
    return ""


def json_name(value: Any) -> str:
    """Return what Go calls a JSON value."""
    kinds = ((bool, "bool"), (dict, "object"), (list, "array"), (str, "string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")


def yaml_problem(error: Exception) -> str:
    """Return what go-yaml says of a text that is not YAML."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return f"yaml: {error}"
    line = next((mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None and mark.line), 0)
    if line and isinstance(error, yaml.scanner.ScannerError):
        line += 1
    return f"yaml: {f'line {line}: ' if line else ''}{error.problem}"


def kind_problem(schema: Schema, sent: Obj, expected_version: str, expected_kind: str) -> str:
    """Return why an object of one kind cannot stand for another; empty when it is of the expected kind."""
    version, kind = str(sent.get("apiVersion") or expected_version), str(sent.get("kind") or expected_kind)
    if (version, kind) == (expected_version, expected_kind):
        return ""
    if schema.kind(version, kind) is None:
        return f'no kind "{kind}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:110"'
    group = expected_version.rpartition("/")[0].partition(".")[0] or "core"
    return f"converting ({version.rpartition('/')[2]}.{kind}) to ({group}.{expected_kind}): unknown conversion"
