"""Which ReplicaSet holds which revision of a Deployment (pkg/controller/deployment/util). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.controllers.deployment.sizes import Rollout, age, replica_annotations, size_of
from k8slab.emulator.controllers.deployment.template import same_template
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, uid_of

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
_LONGEST_HISTORY = 2000
_NO_LIMIT = 2**31 - 1
_NOT_COPIED = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
})  # fmt: skip


def rollout_of(deployment: Obj, replica_sets: Iterable[Obj]) -> Rollout:
    """Find the ReplicaSet with the deployment's template (the oldest such one); the others are old."""
    ordered = sorted(replica_sets, key=age)
    template = dig(deployment, "spec", "template", default={})
    new = next((rs for rs in ordered if same_template(dig(rs, "spec", "template", default={}), template)), None)
    old = tuple(rs for rs in ordered if new is None or uid_of(rs) != uid_of(new))
    return Rollout(deployment, new, old)


def revision_of(obj: Obj) -> int:
    """Return the annotated revision; 0 when there is none or it is no number."""
    text = annotations_of(obj).get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def next_revision(rollout: Rollout) -> int:
    """Return the revision of the new ReplicaSet: one above all old ones."""
    return max((revision_of(replica_set) for replica_set in rollout.old), default=0) + 1


def new_annotations(rollout: Rollout) -> dict[str, str]:
    """Return the annotations that the new ReplicaSet should have.

    Copies the deployment's own; notes the revision, and when an earlier template comes back, which ones it was.
    """
    present = {} if rollout.new is None else annotations_of(rollout.new)
    copied = {name: text for name, text in annotations_of(rollout.deployment).items() if name not in _NOT_COPIED}
    wanted = {**present, **copied}
    revision = next_revision(rollout)
    noted = present.get(REVISION, "")
    if noted and not noted.isdigit():
        return wanted
    if int(noted or 0) < revision:
        wanted[REVISION] = str(revision)
        if noted:
            wanted[HISTORY] = _history(present.get(HISTORY, ""), noted)
    return wanted if rollout.new is not None else {**wanted, **replica_annotations(rollout.deployment)}


def _history(text: str, revision: str) -> str:
    revisions = [*(text.split(",") if text else []), revision]
    while len(",".join(revisions)) > _LONGEST_HISTORY:
        revisions.pop(0)
    return ",".join(revisions)


def surplus(rollout: Rollout) -> Sequence[Obj]:
    """Return the old ReplicaSets beyond ``revisionHistoryLimit`` that have no pods, oldest revision first."""
    limit = dig(rollout.deployment, "spec", "revisionHistoryLimit")
    if limit is None or limit == _NO_LIMIT:
        return []
    kept = [replica_set for replica_set in rollout.old if not is_deleting(replica_set)]
    ordered = sorted(kept, key=lambda replica_set: (revision_of(replica_set), age(replica_set)))
    return [replica_set for replica_set in ordered[: max(0, len(ordered) - limit)] if _is_empty(replica_set)]


def _is_empty(replica_set: Obj) -> bool:
    seen = int(dig(replica_set, "status", "observedGeneration", default=0))
    return (
        size_of(replica_set) == 0
        and not dig(replica_set, "status", "replicas", default=0)
        and int(dig(replica_set, "metadata", "generation", default=0)) <= seen
    )
