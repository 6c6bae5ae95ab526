"""What a real cluster (1.34) answered to ``validation_cases.py``, and what the registry answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store, StoreKey
from k8slab.kube.conform import conform
from k8slab.kube.resources import Resource
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError

Obj = dict[str, Any]
ResourceOf = Callable[[str], Resource]
HERE = Path(__file__).parent
GOLDEN = HERE.parents[2] / "golden" / "validation"


def _cases() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("validation_cases.py", "kind_cases.py"):
        exec(compile((HERE / name).read_text(), name, "exec"), found)  # noqa: S102 - our own files beside this
    found["BASES"].update(found["KIND_BASES"])
    return found


CASES = _cases()
changed, label = CASES["changed"], CASES["label"]


def recorded(name: str) -> list[Any]:
    return [case for part in ("", "_kinds") for case in json.loads((GOLDEN / f"{name}{part}.json").read_text())]


def named(cases: list[Any]) -> list[Any]:
    return [pytest.param(*case, id=re.sub(r"[^ -~]", "?", label(case[0], dict(case[1])))) for case in cases]


def in_h2(resource: Resource) -> str:
    return "h2" if resource.namespaced else ""


def shaped(schema: Schema, obj: Obj) -> Obj:
    return conform(schema, obj["apiVersion"], obj["kind"], obj).obj


def told(status: Obj) -> Obj:
    kept = {key: status.get(key) for key in ("code", "reason", "message", "details")}
    details = dict(kept["details"] or {})
    details.pop("uid", None)
    if details.get("causes"):
        # Kubernetes checks some fields twice; the message says it once.
        details["causes"] = [
            cause for index, cause in enumerate(details["causes"]) if cause not in details["causes"][:index]
        ]
    text = re.sub(r"Bad_[a-z0-9]{5}", "Bad_xxxxx", json.dumps({**kept, "details": details}))
    return json.loads(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text))


@pytest.mark.parametrize(
    ("plural", "changes", "status"), named([case for case in recorded("refused") if isinstance(case[1], dict)])
)
async def test_a_wrong_manifest_is_refused_in_kubernetes_words(
    plural: str, changes: Obj, status: Obj, registry: Registry, schema: Schema, resource_of: ResourceOf
):
    resource = resource_of(plural)
    with pytest.raises(ApiError) as refusal:
        await registry.create(resource, in_h2(resource), shaped(schema, changed(plural, changes)))
    assert told(refusal.value.status) == told(status)


# Kubernetes adds a taint to new Nodes, which a controller takes away; and Go's zeros to what comes back of Events.
ZEROS = ("nodes", "events")
RANDOM = ("uid", "creationTimestamp", "resourceVersion")


def settled(obj: Obj) -> Obj:
    """Replace what differs from run to run."""
    text = json.dumps({key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}, sort_keys=True)
    text = re.sub(r"kube-api-access-[a-z0-9]{5}", "kube-api-access-xxxxx", text)
    text = re.sub(r'"lastPhaseTransitionTime": "[^"]*"', '"lastPhaseTransitionTime": "now"', text)
    text = re.sub(r"gen-[a-z0-9]{5}", "gen-xxxxx", text)
    text = re.sub(r"10\.96\.\d+\.\d+", "10.96.x.x", text)
    text = re.sub(r'"nodePort": 3\d{4}', '"nodePort": 30000', text)
    found = json.loads(text)
    for key in RANDOM:
        found["metadata"].pop(key, None)
    return found


@pytest.mark.parametrize(
    ("plural", "changes", "made"), named([case for case in recorded("accepted") if case[0] not in ZEROS])
)
async def test_a_good_manifest_is_filled_in_as_kubernetes_does(
    plural: str, changes: Obj, made: Obj, registry: Registry, schema: Schema, resource_of: ResourceOf
):
    resource = resource_of(plural)
    entry = await registry.create(resource, in_h2(resource), shaped(schema, changed(plural, changes)))
    assert settled(entry.decode()) == settled(made)


@pytest.mark.parametrize(("plural", "changes", "current", "body", "status"), named(recorded("updates")))
async def test_a_forbidden_update_is_refused_in_kubernetes_words(  # noqa: PLR0913, PLR0917 - a recorded case
    plural: str, changes: Obj,  # noqa: ARG001 - names the case
    current: Obj, body: Obj, status: Obj,
    registry: Registry, store: Store, schema: Schema, resource_of: ResourceOf,
):  # fmt: skip
    resource = resource_of(plural)
    name = current["metadata"]["name"]
    entry = store.put(StoreKey(resource.storage_name, in_h2(resource), name), current).entry
    await store.committed()
    body["metadata"].setdefault("resourceVersion", str(entry.revision))
    with pytest.raises(ApiError) as refusal:
        await registry.update(resource, in_h2(resource), name, shaped(schema, body))
    assert told(refusal.value.status) == told(status)
