"""Names, pods and claims of a StatefulSet's replicas (stateful_set_utils.go). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.emulator.controllers.history import HASH_LABEL, template_of
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.controllers.pod_control import pod_from_template
from k8slab.emulator.machinery.controller import copy_of
from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of, owner_references, uid_of

NAME_LABEL, INDEX_LABEL = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"


def replicas_of(stateful_set: Obj) -> int:
    """Return how many pods the set asks for."""
    return int(dig(stateful_set, "spec", "replicas", default=1))


def first_ordinal(stateful_set: Obj) -> int:
    """Return the number of the first pod."""
    return int(dig(stateful_set, "spec", "ordinals", "start", default=0))


def ordinals_of(stateful_set: Obj) -> range:
    """Return the numbers of the pods that the set asks for."""
    start = first_ordinal(stateful_set)
    return range(start, start + replicas_of(stateful_set))


def ordinal_of(pod: Obj) -> int:
    """Return the number at the end of a pod's name; -1 when there is none."""
    found = re.fullmatch(r".*-([0-9]+)", name_of(pod), re.DOTALL)
    return int(found[1]) if found else -1


def is_member(stateful_set: Obj, pod: Obj) -> bool:
    """Tell whether a pod's name is that of one of the set's pods."""
    return name_of(pod) == f"{name_of(stateful_set)}-{ordinal_of(pod)}"


def claim_name(stateful_set: Obj, template: Obj, ordinal: int) -> str:
    """Return the name of the claim that a claim template makes for a pod."""
    return f"{name_of(template)}-{name_of(stateful_set)}-{ordinal}"


def claims_of(stateful_set: Obj, ordinal: int) -> Iterator[Obj]:
    """Yield the claims of a pod."""
    selected = dig(stateful_set, "spec", "selector", "matchLabels", default={})
    for template in dig(stateful_set, "spec", "volumeClaimTemplates", default=[]):
        claim = copy_of(template)
        claim.pop("status", None)
        claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
        meta = claim["metadata"]
        meta["name"] = claim_name(stateful_set, template, ordinal)
        meta["namespace"] = namespace_of(stateful_set)
        meta["labels"] = {**labels_of(template), **selected}
        yield claim


def pod_of(stateful_set: Obj, ordinal: int, revision: Obj) -> Obj:
    """Return the pod of that number with the template of a revision, whose whole name marks it."""
    pod = pod_from_template(stateful_set, template_of(revision))
    name = f"{name_of(stateful_set)}-{ordinal}"
    meta, spec = pod["metadata"], pod["spec"]
    meta["name"] = name
    meta.setdefault("labels", {}).update({
        NAME_LABEL: name, INDEX_LABEL: str(ordinal), HASH_LABEL: name_of(revision),
    })  # fmt: skip
    spec["hostname"] = name
    service = dig(stateful_set, "spec", "serviceName", default="")
    if service:
        spec["subdomain"] = service
    templates = {name_of(entry): entry for entry in dig(stateful_set, "spec", "volumeClaimTemplates", default=[])}
    if templates:
        volumes = [
            {"name": volume, "persistentVolumeClaim": {"claimName": claim_name(stateful_set, entry, ordinal)}}
            for volume, entry in templates.items()
        ]
        spec["volumes"] = volumes + [entry for entry in spec.get("volumes") or [] if entry["name"] not in templates]
    return pod


def needs_current(stateful_set: Obj, ordinal: int) -> bool:
    """Tell whether a missing pod of that number is made of the current revision, not of the newest one."""
    strategy = dig(stateful_set, "spec", "updateStrategy", default={})
    if strategy.get("type") != "RollingUpdate":
        return False
    if strategy.get("rollingUpdate") is None:
        kept = int(dig(stateful_set, "status", "currentReplicas", default=0))
    else:
        kept = int(strategy["rollingUpdate"].get("partition") or 0)
    return ordinal < first_ordinal(stateful_set) + kept


def claim_owners(stateful_set: Obj, pod: Obj, claim: Obj) -> list[Obj]:
    """Return the owner references that the retention policy gives a claim; other owners stay as they are."""
    policy = dig(stateful_set, "spec", "persistentVolumeClaimRetentionPolicy", default={})
    ours = {uid_of(stateful_set), uid_of(pod)}
    present = owner_references(claim)
    kept = [reference for reference in present if reference.get("uid") not in ours]
    if any(reference.get("controller") for reference in kept):
        return kept
    left = ordinal_of(pod) not in ordinals_of(stateful_set)
    if policy.get("whenScaled") == "Delete" and left:
        return [*kept, controller_reference(pod)]
    if policy.get("whenDeleted") == "Delete":
        return [*kept, controller_reference(stateful_set)]
    return kept
