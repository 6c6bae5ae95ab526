"""Conditions of a status (k8s.io/apimachinery/pkg/apis/meta/v1, Condition)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.kube.objects import Obj


def condition(kind: str, reason: str, message: str = "", *, good: bool = True) -> Obj:
    """Return a condition without its times."""
    return {"type": kind, "status": "True" if good else "False", "reason": reason, "message": message}


def dated(wanted: Iterable[Obj], before: Sequence[Obj], generation: int, now: str) -> list[Obj]:
    """Return the conditions with generation and times; one that stays as it was keeps its time."""
    known = {entry.get("type"): entry for entry in before}
    found = []
    for entry in wanted:
        old = known.get(entry["type"]) or {}
        since = old.get("lastTransitionTime") if old.get("status") == entry["status"] else None
        found.append({**entry, "observedGeneration": generation, "lastTransitionTime": since or now})
    return found
