"""The StatefulSet controller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.api import DeleteOptions, Preconditions
from k8slab.emulator.controllers.ending import namespace_ends
from k8slab.emulator.controllers.history import HASH_LABEL, History, Revisions
from k8slab.emulator.controllers.ownership import adopt, is_orphan, release
from k8slab.emulator.controllers.pods import seconds_until_available
from k8slab.emulator.controllers.statefulset.identity import (
    claim_owners,
    claims_of,
    is_member,
    needs_current,
    ordinal_of,
    pod_of,
)
from k8slab.emulator.controllers.statefulset.steps import next_step, replicas, status_of
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, controller_key, own_key
from k8slab.kube.objects import (
    Obj,
    dig,
    is_deleting,
    key_of,
    labels_of,
    name_of,
    namespace_of,
    owner_references,
    uid_of,
)
from k8slab.kube.resources import CLAIMS, CONTROLLER_REVISIONS, PODS, STATEFUL_SETS
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import ApiError


class StatefulSetController:
    """Creates pods with stable names and claims in order, updates them from the last to the first."""

    name = "statefulset-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._sets = desk.informer(STATEFUL_SETS)
        self._pods = desk.informer(PODS)
        self._claims = desk.informer(CLAIMS)
        self._recorder = desk.recorder(self.name)
        self._revisions = Revisions(self._api, desk.informer(CONTROLLER_REVISIONS), STATEFUL_SETS)

    def watches(self) -> Sequence[Watch]:
        """React to StatefulSets, to their pods and orphans, and to their revisions."""
        return (
            Watch(STATEFUL_SETS, own_key), Watch(PODS, self._sets_of),
            Watch(CONTROLLER_REVISIONS, controller_key("StatefulSet")),
        )  # fmt: skip

    def _sets_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        yield from controller_key("StatefulSet")(before, after)
        if after is not None and is_orphan(after):
            for candidate in self._sets.objects(namespace_of(after)):
                if label_selector_of(dig(candidate, "spec", "selector")).matches(labels_of(after)):
                    yield key_of(candidate)

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one StatefulSet a step further."""
        stateful_set = self._sets.get(*key)
        if stateful_set is None:
            return DONE
        await self._claim(stateful_set)
        history = await self._revisions.history(stateful_set)
        by_name = {name_of(entry): entry for entry in (*history.old, history.current)}
        update = name_of(history.current)
        noted = str(dig(stateful_set, "status", "currentRevision", default=""))
        current = noted if noted in by_name else update
        now = self._desk.clock.now()
        if not is_deleting(stateful_set):
            found = replicas(stateful_set, self._members(stateful_set), current, update, now)
            step = next_step(found)
            for number in step.create:
                revision = by_name[current if needs_current(stateful_set, number) else update]
                await self._create(stateful_set, number, revision)
            for pod in step.delete:
                await self._delete(stateful_set, pod)
            await self._keep_claims(stateful_set)
        pods = self._members(stateful_set)
        found = replicas(stateful_set, pods, current, update, now)
        await self._write_status(stateful_set, status_of(found, pods))
        await self._trim(stateful_set, history, pods, current)
        least = int(dig(stateful_set, "spec", "minReadySeconds", default=0))
        waits = (seconds_until_available(pod, least, now) for pod in pods)
        return Result(min((wait for wait in waits if wait), default=None))

    def _members(self, stateful_set: Obj) -> list[Obj]:
        owned = self._pods.controlled_by(uid_of(stateful_set))
        return sorted((pod for pod in owned if is_member(stateful_set, pod)), key=ordinal_of)

    async def _claim(self, stateful_set: Obj) -> None:
        selector = label_selector_of(dig(stateful_set, "spec", "selector"))
        for pod in self._pods.controlled_by(uid_of(stateful_set)):
            if not (selector.matches(labels_of(pod)) and is_member(stateful_set, pod)) and not is_deleting(
                stateful_set
            ):
                await release(self._api, PODS, pod, stateful_set)
        if not is_deleting(stateful_set):
            near = self._pods.select(namespace_of(stateful_set), selector)
            orphans = [pod for pod in near if is_orphan(pod) and is_member(stateful_set, pod)]
            await adopt(self._api, PODS, orphans, STATEFUL_SETS, stateful_set)

    # --- pods ---

    async def _create(self, stateful_set: Obj, ordinal: int, revision: Obj) -> None:
        pod = pod_of(stateful_set, ordinal, revision)
        await self._create_claims(stateful_set, ordinal, name_of(pod))
        try:
            await self._api.create(PODS, pod)
        except ApiError as error:
            if namespace_ends(error):
                return
            if error.reason != "AlreadyExists":
                self._tell(stateful_set, "create", name_of(pod), error)
            raise
        self._tell(stateful_set, "create", name_of(pod))

    async def _create_claims(self, stateful_set: Obj, ordinal: int, pod: str) -> None:
        for claim in claims_of(stateful_set, ordinal):
            if self._claims.get(namespace_of(claim), name_of(claim)) is not None:
                continue
            words = f"Claim {name_of(claim)} Pod {pod} in StatefulSet {name_of(stateful_set)}"
            try:
                await self._api.create(CLAIMS, claim)
            except ApiError as error:
                if error.reason == "AlreadyExists":
                    continue
                words = f"Claim {name_of(claim)} for Pod {pod} in StatefulSet {name_of(stateful_set)}"
                message = f"create {words} failed error: {error.message}"
                self._recorder.event(stateful_set, "Warning", "FailedCreate", message)
                raise
            self._recorder.event(stateful_set, "Normal", "SuccessfulCreate", f"create {words} success")

    async def _delete(self, stateful_set: Obj, pod: Obj) -> None:
        options = DeleteOptions(preconditions=Preconditions(uid=uid_of(pod)))
        try:
            await self._api.delete(PODS, namespace_of(pod), name_of(pod), options)
        except ApiError as error:
            if error.reason == "NotFound":
                return
            self._tell(stateful_set, "delete", name_of(pod), error)
            raise
        self._tell(stateful_set, "delete", name_of(pod))

    def _tell(self, stateful_set: Obj, verb: str, pod: str, error: ApiError | None = None) -> None:
        words = f"{verb} Pod {pod} in StatefulSet {name_of(stateful_set)}"
        if error is None:
            self._recorder.event(stateful_set, "Normal", f"Successful{verb.title()}", f"{words} successful")
        else:
            message = f"{words} failed error: {error.message}"
            self._recorder.event(stateful_set, "Warning", f"Failed{verb.title()}", message)

    async def _keep_claims(self, stateful_set: Obj) -> None:
        """Give claims the owners of the retention policy."""
        for pod in self._members(stateful_set):
            for wanted in claims_of(stateful_set, ordinal_of(pod)):
                claim = self._claims.get(namespace_of(wanted), name_of(wanted))
                if claim is None:
                    continue
                owners = claim_owners(stateful_set, pod, claim)
                if owners != owner_references(claim):
                    patch = {"metadata": {"uid": uid_of(claim), "ownerReferences": owners or None}}
                    await self._api.patch(CLAIMS, namespace_of(claim), name_of(claim), patch)

    # --- status ---

    async def _write_status(self, stateful_set: Obj, status: Obj) -> None:
        if status != (stateful_set.get("status") or {}):
            await self._api.update(STATEFUL_SETS, {**stateful_set, "status": status}, subresource="status")

    async def _trim(self, stateful_set: Obj, history: History, pods: Sequence[Obj], current: str) -> None:
        live = {labels_of(pod).get(HASH_LABEL, "") for pod in pods} | {current}
        idle = [entry for entry in history.old if name_of(entry) not in live]
        await self._revisions.trim(stateful_set, idle, ())
