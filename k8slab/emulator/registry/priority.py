"""Admission by PriorityClasses: a pod gets the number of its class (plugin/pkg/admission/priority)."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.kube.objects import Obj, name_of
from k8slab.kube.status import forbidden

# Classes that every cluster has (pkg/apis/scheduling/v1/helpers.go).
SYSTEM_CLASSES = {"system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000}


def resolve_priority(pod: Obj, classes: Sequence[Obj]) -> None:
    """Set priority and preemption policy of a new pod; raises 403 for an unknown class or a number of its own."""
    spec = pod["spec"]
    name = str(spec.get("priorityClassName") or "")
    found = _class(pod, name, classes) if name else _default(classes)
    if found is not None and not name:
        spec["priorityClassName"] = name_of(found)
    value = int(found.get("value", 0)) if found else 0
    policy = str(found.get("preemptionPolicy", "PreemptLowerPriority")) if found else "PreemptLowerPriority"
    given = spec.get("priority")
    if given is not None and given != value:
        raise _refused(
            pod,
            f"the integer value of priority ({given}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name",
        )
    spec["priority"] = value
    own = spec.get("preemptionPolicy")
    if own is not None and own != policy:
        raise _refused(
            pod,
            f"the string value of PreemptionPolicy ({own}) must not be provided in pod spec; "
            f"priority admission controller computed {policy} from the given PriorityClass name",
        )
    spec["preemptionPolicy"] = policy


def _class(pod: Obj, name: str, classes: Sequence[Obj]) -> Obj:
    found = next((entry for entry in classes if name_of(entry) == name), None)
    if found is not None:
        return found
    if name in SYSTEM_CLASSES:
        return {"metadata": {"name": name}, "value": SYSTEM_CLASSES[name]}
    raise _refused(pod, f"no PriorityClass with name {name} was found")


def _default(classes: Sequence[Obj]) -> Obj | None:
    defaults = [entry for entry in classes if entry.get("globalDefault")]
    return min(defaults, key=lambda entry: int(entry.get("value", 0)), default=None)


def _refused(pod: Obj, cause: str) -> Exception:
    return forbidden("", "pods", name_of(pod), cause)
