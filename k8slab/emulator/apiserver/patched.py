"""What a patch makes of an object, held against its type, with the API server's words for each format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from k8slab.emulator.api import PatchType
from k8slab.emulator.apiserver.bodies import METADATA, Decoder, expected_kind, named, strict_error
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.undecodable import json_name, kind_problem
from k8slab.kube.apply.typing import go_text
from k8slab.kube.conform import DecodeError
from k8slab.kube.go_json import go_json_problem
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, bad_request, invalid_patched
from k8slab.kube.strict import has_duplicates, problems
from k8slab.kube.unstructured import unstructured_problem

_GO_TYPES: Mapping[PatchType, str] = {"json": "[]handlers.jsonPatchOp"}
_MAP = "map[string]interface {}"


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch of one of the JSON formats, and the keys that stand twice in it."""

    type: PatchType
    body: Any
    repeated: tuple[str, ...] = ()


def read_patch(data: bytes, patch_type: PatchType) -> Patch:
    """Return the patch of a body; raises ``ApiError`` 400 (endpoints/handlers/patch.go)."""
    head = "" if patch_type == "strategic" else "error decoding patch: "
    try:
        found = orjson.loads(data)
    except ValueError as error:
        problem = go_json_problem(data.decode(errors="replace")) if data.strip() else "unexpected end of JSON input"
        raise bad_request(f"{head}{problem or error}") from error
    if found is None:
        if patch_type == "merge":
            raise bad_request("Invalid JSON Patch")
        found = [] if patch_type == "json" else {}
    if not isinstance(found, list if patch_type == "json" else dict):
        go_type = _GO_TYPES.get(patch_type, _MAP)
        raise bad_request(f"{head}json: cannot unmarshal {json_name(found)} into Go value of type {go_type}")
    odd = next((item for item in found if not isinstance(item, dict)), None) if patch_type == "json" else None
    if odd is not None:
        cause = f"json: cannot unmarshal {json_name(odd)} into Go value of type handlers.jsonPatchOp"
        raise bad_request(f"{head}{cause}")
    twice = patch_type != "json" and has_duplicates(data, found)
    return Patch(patch_type, found, tuple(problems(data)) if twice else ())


def typed_patched(decoder: Decoder, obj: Obj, patch: Patch, target: Target, warnings: list[str]) -> Obj:
    """Return the patched object in the shape of its type; raises ``ApiError`` 422."""
    api_version, kind = expected_kind(target)
    if patch.type == "strategic":
        obj = {**obj, "apiVersion": api_version, "kind": kind}
    problem = kind_problem(decoder.schema, obj, api_version, kind)
    if problem:
        raise _refused(decoder, obj, patch, problem)
    try:
        made, unknown = decoder.shaped(obj, target)
    except DecodeError as error:
        cause = unstructured_problem(error) if patch.type == "strategic" else str(error)
        raise _refused(decoder, obj, patch, cause) from error
    texts = [*patch.repeated, *(f'unknown field "{path}"' for path in sorted(unknown))]
    decoder.report(texts, warnings, lambda: _refused(decoder, obj, patch, strict_error(texts)))
    return named(made, target)


def _refused(decoder: Decoder, obj: Obj, patch: Patch, cause: str) -> ApiError:
    if patch.type == "strategic":
        return invalid_patched(go_text(patch.body), cause)
    meta = obj.get("metadata")
    if isinstance(meta, dict):
        order = decoder.schema.fields(METADATA)
        known = {key: meta[key] for key in order if key in meta}
        obj = {**obj, "metadata": {**known, **meta}}
    touched = patch.body if patch.type == "merge" else _touched(patch.body)
    return invalid_patched(orjson.dumps(_resorted(obj, touched)).decode(), cause)


def _touched(operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the objects on the way to what a JSON patch changes."""
    root: dict[str, Any] = {}
    for operation in operations:
        node = root
        for step in str(operation.get("path", "")).split("/")[1:-1]:
            node = node.setdefault(step, {})
    return root


def _resorted(value: Any, touched: Any) -> Any:
    # Go writes the objects that a patch touched with their keys in order, and the others as they were.
    if not isinstance(value, dict) or not isinstance(touched, dict):
        return value
    return {key: _resorted(value[key], touched.get(key)) for key in sorted(value)}
