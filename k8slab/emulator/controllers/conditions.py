"""Conditions as the controllers of apps/v1 keep them (pkg/controller/deployment/util)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Condition = dict[str, Any]


def find(conditions: Sequence[Condition], kind: str) -> Condition | None:
    """Return the condition with that type."""
    return next((entry for entry in conditions if entry.get("type") == kind), None)


def without(conditions: Sequence[Condition], kind: str) -> list[Condition]:
    """Return the conditions except that type."""
    return [entry for entry in conditions if entry.get("type") != kind]


def with_condition(conditions: Sequence[Condition], condition: Condition) -> list[Condition]:
    """Return the conditions with this one in place of its type's old one.

    Same status and reason: the old one stays as it is. Same status: it keeps ``lastTransitionTime``.
    """
    kind = condition["type"]
    current = find(conditions, kind)
    if current is not None and current.get("status") == condition["status"]:
        if current.get("reason") == condition["reason"]:
            return list(conditions)
        condition = {**condition, "lastTransitionTime": current.get("lastTransitionTime")}
    return [*without(conditions, kind), condition]
