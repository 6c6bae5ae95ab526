"""Words that several kinds' cells share: selectors, containers, ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from k8slab.emulator.registry.tables.ages import age
from k8slab.kube.objects import Obj, dig

NONE = "<none>"


def created(obj: Obj, now: datetime) -> str:
    """Return how old an object is."""
    return age(dig(obj, "metadata", "creationTimestamp"), now)


def format_labels(labels: Mapping[str, str] | None) -> str:
    """Return labels as ``a=1,b=2`` (labels.FormatLabels)."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def format_selector(selector: Obj | None) -> str:
    """Return a label selector as ``a=1,b in (x,y),!c`` (metav1.FormatLabelSelector)."""
    found = selector or {}
    parts = [(key, f"{key}={value}") for key, value in (found.get("matchLabels") or {}).items()]
    parts += [(str(entry.get("key", "")), _expression(entry)) for entry in found.get("matchExpressions") or []]
    return ",".join(text for _, text in sorted(parts, key=lambda part: part[0])) or NONE


def _expression(entry: Obj) -> str:
    key, values = entry.get("key", ""), ",".join(sorted(entry.get("values") or []))
    shown = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}
    return str(shown.get(str(entry.get("operator")), key))


def containers_of(template: Obj | None) -> tuple[str, str]:
    """Return the names and the images of a pod template's containers."""
    found: Sequence[Obj] = dig(template, "spec", "containers", default=[])
    return ",".join(entry["name"] for entry in found), ",".join(entry.get("image", "") for entry in found)
