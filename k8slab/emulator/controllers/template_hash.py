"""The short hash that labels pods of one template. Pure."""

from __future__ import annotations

import json

from k8slab.kube.objects import Obj

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
