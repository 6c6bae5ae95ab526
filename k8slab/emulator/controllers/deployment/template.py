"""The pod template's identity: the name it gives a ReplicaSet, and when two templates are the same. Pure."""

from __future__ import annotations

from typing import Any

from k8slab.kube.objects import Obj, dig, name_of

HASH_LABEL = "pod-template-hash"
_LONGEST_NAME = 253


def replica_set_name(deployment: Obj, hashed: str) -> str:
    """Return the deployment's name, shortened where needed, and the hash."""
    return f"{name_of(deployment)[: _LONGEST_NAME - 1 - len(hashed)]}-{hashed}"


def same_template(one: Obj, other: Obj) -> bool:
    """Tell whether two pod templates are the same but for the hash label."""
    return _plain(one) == _plain(other)


def _plain(template: Obj) -> Obj:
    meta: dict[str, Any] = {name: value for name, value in (template.get("metadata") or {}).items() if value}
    labels = {name: value for name, value in meta.get("labels", {}).items() if name != HASH_LABEL}
    meta.pop("labels", None)
    return {"metadata": {**meta, **({"labels": labels} if labels else {})}, "spec": dig(template, "spec")}
