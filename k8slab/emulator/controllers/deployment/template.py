"""The pod template's identity: its hash, and when two templates are the same. Pure."""

from __future__ import annotations

import json
from typing import Any

from k8slab.kube.objects import Obj, dig, name_of

HASH_LABEL = "pod-template-hash"
_LONGEST_NAME = 253
# k8s.io/apimachinery/pkg/util/rand.SafeEncodeString: no vowels, no look-alikes.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619


def template_hash(template: Obj, collisions: int | None) -> str:
    """Return the label's value: 32 bit FNV-1a of the template in Kubernetes' letters.

    The letters and the length are Kubernetes'; the values differ, since it hashes a dump of its Go structures.
    """
    text = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    if collisions is not None:
        text += collisions.to_bytes(8, "little")
    value = _FNV_OFFSET
    for byte in text:
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


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
