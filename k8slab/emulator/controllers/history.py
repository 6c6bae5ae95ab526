"""ControllerRevisions: the templates that DaemonSets and StatefulSets have had (pkg/controller/history)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from k8slab.emulator.api import Api
from k8slab.emulator.controllers.ownership import adopt, controller_reference, is_orphan
from k8slab.emulator.controllers.template_hash import template_hash
from k8slab.emulator.machinery.controller import copy_of
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, annotations_of, dig, name_of, namespace_of, uid_of
from k8slab.kube.resources import CONTROLLER_REVISIONS, Resource
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import ApiError

HASH_LABEL = "controller-revision-hash"
_LONGEST_PREFIX = 223


@dataclass(frozen=True, slots=True)
class History:
    """The revision of the present template, and all others with rising numbers."""

    current: Obj
    old: tuple[Obj, ...]


def revision_of(revision: Obj) -> int:
    """Return the number of a revision."""
    return int(revision.get("revision", 0))


def template_of(revision: Obj) -> Obj:
    """Return the pod template that a revision holds."""
    found = dict(dig(revision, "data", "spec", "template", default={}))
    found.pop("$patch", None)
    return found


def hash_of(revision: Obj) -> str:
    """Return the label's value that marks pods of the revision."""
    return str(dig(revision, "metadata", "labels", default={}).get(HASH_LABEL, ""))


class Revisions:
    """Finds, makes and removes the revisions of one kind's objects."""

    def __init__(self, api: Api, informer: Informer, owners: Resource) -> None:
        self._api = api
        self._informer = informer
        self._owners = owners

    async def history(self, owner: Obj) -> History:
        """Return the history; the present template becomes its newest revision where it is not."""
        found = sorted(await self._owned(owner), key=lambda entry: (revision_of(entry), name_of(entry)))
        template = dig(owner, "spec", "template", default={})
        same = [entry for entry in found if template_of(entry) == template]
        old = tuple(entry for entry in found if not same or name_of(entry) != name_of(same[-1]))
        number = max((revision_of(entry) for entry in old), default=0) + 1
        if not same:
            return History(await self._create(owner, number), old)
        current = same[-1]
        if revision_of(current) < number:
            current = await self._api.update(CONTROLLER_REVISIONS, {**copy_of(current), "revision": number})
        return History(current, old)

    async def _owned(self, owner: Obj) -> list[Obj]:
        owned = self._informer.controlled_by(uid_of(owner))
        selector = label_selector_of(dig(owner, "spec", "selector"))
        orphans = [entry for entry in self._informer.select(namespace_of(owner), selector) if is_orphan(entry)]
        return owned + await adopt(self._api, CONTROLLER_REVISIONS, orphans, self._owners, owner)

    async def _create(self, owner: Obj, number: int) -> Obj:
        """Store a new revision; a name that another template has taken counts as a collision and is hashed anew."""
        collisions = int(dig(owner, "status", "collisionCount", default=0))
        template = dig(owner, "spec", "template", default={})
        for attempt in range(collisions, collisions + 10):
            made = _revision(owner, template, number, attempt)
            try:
                return await self._api.create(CONTROLLER_REVISIONS, made)
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise
        raise RuntimeError(f"no free name for a revision of {name_of(owner)}")

    async def trim(self, owner: Obj, old: Sequence[Obj], live: Iterable[str]) -> None:
        """Delete the oldest revisions beyond ``revisionHistoryLimit``; those in ``live`` (hashes) stay."""
        limit = int(dig(owner, "spec", "revisionHistoryLimit", default=10))
        if limit < 0:
            return
        used = set(live)
        idle = [entry for entry in old if hash_of(entry) not in used]
        for entry in idle[: max(0, len(idle) - limit)]:
            try:
                await self._api.delete(CONTROLLER_REVISIONS, namespace_of(entry), name_of(entry))
            except ApiError as error:
                if error.reason != "NotFound":
                    raise


def _revision(owner: Obj, template: Obj, number: int, collisions: int) -> Obj:
    hashed = template_hash(template, collisions or None)
    meta: Obj = {
        "name": f"{name_of(owner)[:_LONGEST_PREFIX]}-{hashed}",
        "namespace": namespace_of(owner),
        "labels": {**dig(template, "metadata", "labels", default={}), HASH_LABEL: hashed},
        "ownerReferences": [controller_reference(owner)],
    }
    if annotations_of(owner):
        meta["annotations"] = annotations_of(owner)
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": meta,
        "data": data,
        "revision": number,
    }
