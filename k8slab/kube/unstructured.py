"""Decode errors as Go's converter from untyped maps words them (apimachinery/pkg/runtime/converter.go).

The API server decodes a strategic merge patch that way, everything else as JSON.
"""

from __future__ import annotations

from typing import Any

from k8slab.kube.conform import DecodeError

_KINDS = ((bool, "bool"), (int, "int64"), (float, "float64"), (str, "string"), (dict, "map"), (list, "slice"))
# Kinds of Go that a number or text can be converted to.
_FROM = {
    "int64": ("string", "int32", "int64", "float64"),
    "float64": ("int32", "int64", "float64"),
    "string": ("string",),
}


def unstructured_problem(error: DecodeError) -> str:
    """Return the converter's words for a decode error."""
    go_type = error.go_type
    if not go_type:
        text = str(error)
        return f"error decoding from json: {text}" if text.startswith("illegal base64") else text
    found = next((name for kind, name in _KINDS if isinstance(error.value, kind)), "")
    if error.unmarshals:
        shown = f"number {error.value}" if found == "float64" else _json_kind(error.value)
        return f"json: cannot unmarshal {shown} into Go value of type {go_type}"
    if go_type.startswith("map["):
        return f"cannot restore map from {found}"
    if go_type.startswith("[]"):
        return f"cannot restore slice from {found}"
    if error.is_struct:
        return f"cannot restore struct from: {found}"
    plain = "string" if go_type.startswith("v1.") else go_type
    return f"cannot convert {found} to {go_type}" if plain in _FROM.get(found, ()) else f"unrecognized type: {plain}"


def _json_kind(value: Any) -> str:
    kinds = ((bool, "bool"), (dict, "object"), (list, "array"), (str, "string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")
