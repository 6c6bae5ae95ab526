"""Which nodes a pod fits on, and the words for why not (pkg/scheduler/framework/plugins). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product

from k8slab.kube.objects import Obj, dig, labels_of, name_of
from k8slab.kube.pod_resources import Amounts, amounts, pod_amounts

# What fitsRequest looks at first, in its order; other resources follow by name.
_FIRST = ("cpu", "memory", "ephemeral-storage")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a pod does not fit on a node; ``final`` when no pod's leaving could change that."""

    reasons: tuple[str, ...]
    final: bool = True


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """A node with the pods that are on it."""

    node: Obj
    pods: tuple[Obj, ...] = ()
    used: Amounts = field(default_factory=dict)
    allocatable: Amounts = field(default_factory=dict)

    @classmethod
    def of(cls, node: Obj, pods: Iterable[Obj]) -> NodeLoad:
        """Add up what the pods request."""
        found = tuple(pods)
        used: Amounts = defaultdict(Decimal)
        for pod in found:
            for name, amount in requests_of(pod).items():
                used[name] += amount
        return cls(node, found, used, amounts(dig(node, "status", "allocatable", default={})))

    def free_share(self) -> Decimal:
        """Return how much of cpu and memory is left, from 0 to 2."""
        return sum(
            (1 - self.used.get(name, Decimal(0)) / self.allocatable[name] for name in _FIRST[:2] if self._has(name)),
            start=Decimal(0),
        )

    def _has(self, name: str) -> bool:
        return self.allocatable.get(name, 0) > 0


def requests_of(pod: Obj) -> Amounts:
    """Return what a pod requests."""
    return pod_amounts(pod, "requests")


# --- the filters, in the scheduler's order ---


def _unschedulable(pod: Obj, load: NodeLoad) -> Misfit | None:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if not dig(load.node, "spec", "unschedulable") or tolerates(pod, taint):
        return None
    return Misfit(("node(s) were unschedulable",))


def _taints(pod: Obj, load: NodeLoad) -> Misfit | None:
    for taint in dig(load.node, "spec", "taints", default=[]):
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not tolerates(pod, taint):
            return Misfit(("node(s) had untolerated taint(s)",))
    return None


def _affinity(pod: Obj, load: NodeLoad) -> Misfit | None:
    if affinity_misfit(pod, load.node):
        return Misfit(("node(s) didn't match Pod's node affinity/selector",))
    return None


def affinity_misfit(pod: Obj, node: Obj) -> bool:
    """Tell whether a pod's node selector or required node affinity rules a node out."""
    wanted = dig(pod, "spec", "nodeSelector", default={}).items()
    required = dig(
        pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"
    )
    matches = required is None or any(_term_matches(term, node) for term in required)
    return not (wanted <= labels_of(node).items() and matches)


def _ports(pod: Obj, load: NodeLoad) -> Misfit | None:
    taken = [port for other in load.pods for port in host_ports(other)]
    if any(_collide(port, other) for port, other in product(host_ports(pod), taken)):
        return Misfit(("node(s) didn't have free ports for the requested pod ports",), final=False)
    return None


def _resources(pod: Obj, load: NodeLoad) -> Misfit | None:
    reasons, final = [], False
    if len(load.pods) + 1 > load.allocatable.get("pods", 0):
        reasons.append("Too many pods")
    wanted = requests_of(pod)
    for name in (*_FIRST, *sorted(set(wanted) - set(_FIRST))):
        amount, limit = wanted.get(name, Decimal(0)), load.allocatable.get(name, Decimal(0))
        if amount > 0 and amount > limit - load.used.get(name, Decimal(0)):
            reasons.append(f"Insufficient {name}")
            final = final or amount > limit
    return Misfit(tuple(reasons), final) if reasons else None


_FILTERS: Sequence[Callable[[Obj, NodeLoad], Misfit | None]] = (
    _unschedulable,
    _taints,
    _affinity,
    _ports,
    _resources,
)


def misfit(pod: Obj, load: NodeLoad) -> Misfit | None:
    """Return why the pod does not fit on the node (of the first filter that says no); None when it fits."""
    return next((found for check in _FILTERS if (found := check(pod, load)) is not None), None)


def explanation(misfits: Sequence[Misfit]) -> str:
    """Return the scheduler's message about a pod that fits nowhere (FitError, with what preemption says)."""
    if not misfits:
        return "no nodes available to schedule pods"
    preemption = Counter(
        "Preemption is not helpful for scheduling" if found.final else "No preemption victims found for incoming pod"
        for found in misfits
    )
    reasons = Counter(reason for found in misfits for reason in found.reasons)
    nodes = f"0/{len(misfits)} nodes are available: "
    return f"{nodes}{_counted(reasons)}. no new claims to deallocate, preemption: {nodes}{_counted(preemption)}."


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))


# --- details ---


def tolerates(pod: Obj, taint: Obj) -> bool:
    """Tell whether one of the pod's tolerations covers a taint (k8s.io/component-helpers)."""
    return bool(tolerations_for(pod, taint))


def tolerations_for(pod: Obj, taint: Obj) -> list[Obj]:
    """Return the pod's tolerations that cover a taint."""
    return [entry for entry in dig(pod, "spec", "tolerations", default=[]) if _covers(entry, taint)]


def _covers(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and toleration.get("value", "") == taint.get("value", "")


def _term_matches(term: Obj, node: Obj) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    named = {"metadata.name": name_of(node)}
    return all(_expression_matches(entry, labels_of(node)) for entry in expressions) and all(
        _expression_matches(entry, named) for entry in fields
    )


def _expression_matches(expression: Obj, labels: dict[str, str]) -> bool:
    value = labels.get(expression.get("key", ""))
    values = expression.get("values") or []
    rules: dict[str, Callable[[], bool]] = {
        "In": lambda: value in values,
        "NotIn": lambda: value not in values,
        "Exists": lambda: value is not None,
        "DoesNotExist": lambda: value is None,
        "Gt": lambda: value is not None and _compare(value, values) > 0,
        "Lt": lambda: value is not None and _compare(value, values) < 0,
    }
    return rules.get(expression.get("operator", ""), lambda: False)()


def _compare(value: str, values: Sequence[str]) -> int:
    try:
        return (int(value) > int(values[0])) - (int(value) < int(values[0]))
    except (ValueError, IndexError):
        return 0


def host_ports(pod: Obj) -> list[tuple[str, str, int]]:
    """Return the address, protocol and number of each port that the pod takes on its node."""
    return [
        (port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), int(port["hostPort"]))  # noqa: S104
        for container in dig(pod, "spec", "containers", default=[])
        for port in container.get("ports") or []
        if port.get("hostPort")
    ]


def _collide(one: tuple[str, str, int], other: tuple[str, str, int]) -> bool:
    anywhere = "0.0.0.0"  # noqa: S104 - compared, not bound
    return one[1:] == other[1:] and (one[0] == other[0] or anywhere in (one[0], other[0]))
