"""Conflicts of an apply in the API server's words (apimachinery/pkg/util/managedfields/internal/conflict.go)."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.kube.apply.managers import UPDATE, Manager
from k8slab.kube.apply.paths import path_text
from k8slab.kube.apply.sets import FieldSet, paths


class ConflictError(Exception):
    """Other managers have other values; the text is the ``Status`` message."""

    def __init__(self, conflicts: Mapping[Manager, FieldSet]) -> None:
        self.conflicts = conflicts
        # Go sorts the JSON of the identities, which begins with the manager's name.
        ordered = sorted(conflicts)
        self.found = [(who, path_text(path)) for who in ordered for path in paths(conflicts[who])]
        super().__init__(_message(self.found))

    @property
    def causes(self) -> list[dict[str, str]]:
        """Return the causes of the ``Status``."""
        return [
            {"reason": "FieldManagerConflict", "message": f"conflict with {shown(who)}", "field": path}
            for who, path in self.found
        ]


def shown(who: Manager) -> str:
    """Return a manager as messages name it."""
    text = f'"{who.name}"'
    if who.subresource:
        text += f' with subresource "{who.subresource}"'
    return f"{text} using {who.version}" if who.operation == UPDATE else text


def _message(found: list[tuple[Manager, str]]) -> str:
    if len(found) == 1:
        who, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {shown(who)}: {path}"
    lines: list[str] = []
    for who in dict.fromkeys(who for who, _ in found):
        lines += [f"conflicts with {shown(who)}:", *(f"- {path}" for other, path in found if other == who)]
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
