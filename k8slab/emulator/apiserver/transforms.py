"""Other views of objects: ``Table`` (what kubectl prints) and ``PartialObjectMetadata``."""

from __future__ import annotations

from datetime import datetime

import orjson

from k8slab.emulator.registry.tables import IncludeObject, table
from k8slab.kube.objects import Obj, dig
from k8slab.kube.resources import Resource
from k8slab.kube.status import bad_request

_META = "meta.k8s.io/v1"


def include_object(text: str) -> IncludeObject:
    """Return the ``includeObject`` parameter; raises ``ApiError`` 400."""
    if text in ("", "Metadata"):
        return "Metadata"
    if text == "None":
        return "None"
    if text == "Object":
        return "Object"
    raise bad_request(f"unrecognized includeObject value: {text}")


def transformed_object(resource: Resource, transform: str, data: bytes, include: IncludeObject, now: datetime) -> bytes:
    """Return one object's JSON as the transform has it."""
    obj = orjson.loads(data)
    if transform == "Table":
        made = table(resource, [obj], include, now)
        made["metadata"] = {"resourceVersion": dig(obj, "metadata", "resourceVersion", default="")}
        return orjson.dumps(made)
    return orjson.dumps(partial_metadata(obj))


def transformed_list(resource: Resource, transform: str, body: bytes, include: IncludeObject, now: datetime) -> bytes:
    """Return a list's JSON as the transform has it."""
    found = orjson.loads(body)
    if transform == "Table":
        made = table(resource, found["items"], include, now)
        made["metadata"] = found["metadata"]
        return orjson.dumps(made)
    items = [partial_metadata(item) for item in found["items"]]
    head = {"kind": "PartialObjectMetadataList", "apiVersion": _META, "metadata": found["metadata"]}
    return orjson.dumps({**head, "items": items})


def partial_metadata(obj: Obj) -> Obj:
    """Return an object with its metadata only."""
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": obj.get("metadata", {})}


def event_object(
    resource: Resource, transform: str, data: bytes, include: IncludeObject, now: datetime, *, headers: bool
) -> bytes:
    """Return the object of a watch event as the transform has it; only the first table names its columns."""
    if not transform:
        return data
    obj = orjson.loads(data)
    if transform != "Table":
        return orjson.dumps(partial_metadata(obj))
    made = table(resource, [obj], include, now, headers=headers)
    made["metadata"] = {"resourceVersion": dig(obj, "metadata", "resourceVersion", default="")}
    return orjson.dumps(made)
