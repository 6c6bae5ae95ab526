"""What a delete does: at once, after a grace period, or after finalizers.

The rules are those of k8s.io/apiserver/pkg/registry/rest/delete.go.
"""

from __future__ import annotations

from datetime import timedelta

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import DeleteOptions
from k8slab.kube.objects import Obj, dig, is_deleting, metadata, name_of, resource_version_of, uid_of
from k8slab.kube.resources import Resource
from k8slab.kube.status import conflict

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
_BY_POLICY = {"Orphan": ORPHAN, "Foreground": FOREGROUND}


def check_preconditions(resource: Resource, obj: Obj, options: DeleteOptions) -> None:
    """Raise 409 when the object is not the one that the client meant."""
    wanted = options.preconditions
    for field, expected, found in (
        ("UID", wanted.uid, uid_of(obj)),
        ("ResourceVersion", wanted.resource_version, str(resource_version_of(obj))),
    ):
        if expected and expected != found:
            text = f"the {field} in the precondition ({expected}) does not match the {field} in record ({found}). "
            raise conflict(
                resource.group,
                resource.plural,
                name_of(obj),
                text + "The object might have been deleted and then recreated",
            )


def mark(obj: Obj, options: DeleteOptions, clock: Clock, *, graceful: bool) -> bool:
    """Prepare an object for its deletion; tell whether it may go at once."""
    meta = metadata(obj)
    _add_finalizer(meta, options)
    grace = _grace(obj, options) if graceful else 0
    if is_deleting(obj):
        grace = min(grace, int(meta.get("deletionGracePeriodSeconds") or 0))
    if not grace and not meta.get("finalizers") and not _waits(obj):
        return True
    if not is_deleting(obj) or grace < int(meta.get("deletionGracePeriodSeconds") or 0):
        meta["deletionTimestamp"] = timestamp(clock.now() + timedelta(seconds=grace))
        if not _waits(obj):
            meta["deletionGracePeriodSeconds"] = grace
        if meta.get("generation"):
            meta["generation"] += 1
    return False


def _add_finalizer(meta: Obj, options: DeleteOptions) -> None:
    wanted = _BY_POLICY.get(options.propagation_policy)
    finalizers = [
        entry
        for entry in meta.get("finalizers") or []
        if entry not in (ORPHAN, FOREGROUND) or not options.propagation_policy
    ]
    if wanted and wanted not in finalizers:
        finalizers.append(wanted)
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)


def _waits(obj: Obj) -> bool:
    # A namespace goes when its own finalizers are gone.
    return obj.get("kind") == "Namespace" and bool(dig(obj, "spec", "finalizers"))


def _grace(pod: Obj, options: DeleteOptions) -> int:
    if not dig(pod, "spec", "nodeName") or dig(pod, "status", "phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_period_seconds is not None:
        return max(0, options.grace_period_seconds)
    return int(dig(pod, "spec", "terminationGracePeriodSeconds", default=30))


def may_go(obj: Obj) -> bool:
    """Tell whether a deleting object has nothing left to wait for."""
    meta = metadata(obj)
    done = not meta.get("deletionGracePeriodSeconds") and not meta.get("finalizers")
    return is_deleting(obj) and done and not _waits(obj)
