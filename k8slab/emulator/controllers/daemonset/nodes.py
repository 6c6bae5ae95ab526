"""Which nodes a DaemonSet wants a pod on, and what that pod is. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from k8slab.emulator.controllers.history import HASH_LABEL
from k8slab.emulator.controllers.pod_control import pod_from_template
from k8slab.emulator.controllers.scheduler_filters import affinity_misfit, tolerates
from k8slab.kube.objects import Obj, annotations_of, dig, name_of

_GENERATION = "deprecated.daemonset.template.generation"
_NO_EXECUTE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_NO_SCHEDULE = tuple(
    f"node.kubernetes.io/{name}" for name in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
)
_AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a DaemonSet wants of a node: a new pod there, and that a pod which runs there may stay."""

    run: bool
    stay: bool


def template_generation(daemon_set: Obj) -> str:
    """Return how often the template changed, as the label of pods has it."""
    return annotations_of(daemon_set).get(_GENERATION, "")


def tolerations_of(pod_spec: Obj) -> list[Obj]:
    """Return the template's tolerations with those that all daemons have."""
    wanted = [(key, "NoExecute") for key in _NO_EXECUTE] + [(key, "NoSchedule") for key in _NO_SCHEDULE]
    if pod_spec.get("hostNetwork"):
        wanted.append(("node.kubernetes.io/network-unavailable", "NoSchedule"))
    found = list(pod_spec.get("tolerations") or [])
    for key, effect in wanted:
        new = {"key": key, "operator": "Exists", "effect": effect}
        if new not in found:
            found.append(new)
    return found


def wish_for(daemon_set: Obj, node: Obj) -> Wish:
    """Tell what the DaemonSet wants of a node."""
    spec = dig(daemon_set, "spec", "template", "spec", default={})
    pod = {"spec": {**spec, "tolerations": tolerations_of(spec)}}
    if spec.get("nodeName") not in (None, "", name_of(node)) or affinity_misfit(pod, node):
        return Wish(run=False, stay=False)
    hostile = [taint for taint in dig(node, "spec", "taints", default=[]) if not tolerates(pod, taint)]
    effects = {taint.get("effect") for taint in hostile}
    return Wish(run=not effects & {"NoExecute", "NoSchedule"}, stay="NoExecute" not in effects)


def node_of(pod: Obj) -> str:
    """Return the node that a daemon's pod is for, before and after it is bound."""
    bound = dig(pod, "spec", "nodeName")
    if bound:
        return str(bound)
    terms = dig(pod, "spec", "affinity", "nodeAffinity", _AFFINITY, "nodeSelectorTerms", default=[])
    for term in terms:
        for field in term.get("matchFields") or []:
            if field.get("key") == "metadata.name" and field.get("values"):
                return str(field["values"][0])
    return ""


def daemon_pod(daemon_set: Obj, node: str, hashed: str) -> Obj:
    """Return the new pod for a node."""
    pod = pod_from_template(daemon_set, dig(daemon_set, "spec", "template", default={}))
    labels = pod["metadata"].setdefault("labels", {})
    labels[HASH_LABEL] = hashed
    generation = template_generation(daemon_set)
    if generation:
        labels["pod-template-generation"] = generation
    spec = pod["spec"]
    spec["tolerations"] = tolerations_of(spec)
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    # A node affinity of the template has chosen the node already; the field stands for it in every term.
    affinity[_AFFINITY] = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return pod
