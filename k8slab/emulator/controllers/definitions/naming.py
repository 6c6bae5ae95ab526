"""Which names a definition gets (k8s.io/apiextensions-apiserver/pkg/controller/status/naming_controller.go). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from k8slab.emulator.controllers.conditions import Condition, find, with_condition
from k8slab.kube.objects import Obj, dig, name_of


def status_of(definition: Obj, others: Iterable[Obj], moment: str) -> Obj:
    """Return the status with the names that are accepted, and the conditions that tell of it."""
    old = definition.get("status") or {}
    accepted, problem = _accepted(
        definition["spec"]["names"], old.get("acceptedNames") or {}, *_taken(definition, others)
    )
    conditions: Sequence[Condition] = old.get("conditions") or []
    found = problem or ("NoConflicts", "no conflicts found")
    conditions = with_condition(conditions, _condition("NamesAccepted", not problem, *found, moment))
    established = find(conditions, "Established")
    if established is None or established.get("status") != "True":
        told = ("NotAccepted", "not all names are accepted")
        good = ("InitialNamesAccepted", "the initial names have been accepted")
        conditions = with_condition(
            conditions, _condition("Established", not problem, *(told if problem else good), moment)
        )
    return {**old, "acceptedNames": accepted, "conditions": list(conditions)}


def _condition(kind: str, good: bool, reason: str, message: str, moment: str) -> Condition:
    status = "True" if good else "False"
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": moment}


def _taken(definition: Obj, others: Iterable[Obj]) -> tuple[set[str], set[str]]:
    """Return the names of resources and kinds that other definitions of the group have."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        if name_of(other) == name_of(definition) or other["spec"]["group"] != definition["spec"]["group"]:
            continue
        names = dig(other, "status", "acceptedNames", default={})
        resources |= {names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())}
        kinds |= {names.get("kind", ""), names.get("listKind", "")}
    return resources, kinds


def _accepted(
    wanted: Obj, had: Obj, resources: set[str], kinds: set[str]
) -> tuple[dict[str, Any], tuple[str, str] | None]:
    """Return the names, and reason and message of the last conflict."""
    names = dict(had)
    problem: tuple[str, str] | None = None
    for field, taken in (("plural", resources), ("singular", resources), ("kind", kinds), ("listKind", kinds)):
        if wanted.get(field) in taken and wanted.get(field) != had.get(field):
            problem = (f"{field[0].upper()}{field[1:]}Conflict", f'"{wanted[field]}" is already in use')
        elif wanted.get(field):
            names[field] = wanted[field]
    short = [name for name in wanted.get("shortNames") or () if name not in (had.get("shortNames") or ())]
    used = [f'"{name}" is already in use' for name in short if name in resources]
    if used:
        problem = ("ShortNamesConflict", used[0] if len(used) == 1 else f"[{', '.join(used)}]")
    elif wanted.get("shortNames"):
        names["shortNames"] = wanted["shortNames"]
    else:
        names.pop("shortNames", None)
    # Kinds and plurals that nobody accepted stay unset, but the fields are always shown.
    names |= {"categories": wanted["categories"]} if wanted.get("categories") else {}
    return {"plural": "", "kind": "", **names}, problem
