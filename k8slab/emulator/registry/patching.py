"""PATCH: the patch formats on an object, with the API server's answers where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8slab.emulator.api import PatchType
from k8slab.kube.objects import Obj
from k8slab.kube.patch import PatchError, json_patch, merge_patch, strategic_merge_patch
from k8slab.kube.resources import Resource
from k8slab.kube.schema import Schema
from k8slab.kube.status import bad_request, failure


def patched(schema: Schema, resource: Resource, obj: Obj, patch: Obj | Sequence[Obj], patch_type: PatchType) -> Obj:
    """Return the patched object; raises ``ApiError``."""
    try:
        found = _apply(schema, resource, obj, patch, patch_type)
    except PatchError as error:
        if error.unprocessable:
            # The API server does not tell clients why (endpoints/handlers/patch.go).
            message = "the server rejected our request due to an error in our request"
            raise failure(422, "Invalid", message, {}) from error
        raise failure(500, "", str(error)) from error
    if not isinstance(found, dict):
        raise bad_request("the patch does not leave an object")
    return found


def _apply(schema: Schema, resource: Resource, obj: Obj, patch: Any, patch_type: PatchType) -> Any:
    if patch_type == "json":
        return json_patch(obj, patch)
    if patch_type == "merge":
        return merge_patch(obj, patch)
    if patch_type == "strategic":
        return strategic_merge_patch(schema, str(obj["apiVersion"]), str(obj["kind"]), obj, patch)
    raise bad_request(f"patch type {patch_type} is not served for {resource.plural}")
