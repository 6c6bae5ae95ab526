"""The Deployment controller (pkg/controller/deployment): decides with the pure modules beside it, then writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from k8slab.emulator.controllers.conditions import find, with_condition
from k8slab.emulator.controllers.deployment import sizes, status
from k8slab.emulator.controllers.deployment.new_replica_set import NewReplicaSets
from k8slab.emulator.controllers.deployment.revisions import rollout_of, surplus
from k8slab.emulator.controllers.deployment.sizes import Rollout, Scale, is_rolling, size_of
from k8slab.emulator.controllers.ownership import adopt, release
from k8slab.emulator.controllers.pods import has_ended
from k8slab.emulator.machinery.controller import (
    DONE,
    Desk,
    ObjectKey,
    Result,
    Watch,
    controller_key,
    copy_of,
    own_key,
)
from k8slab.kube.objects import (
    Obj,
    annotations_of,
    controller_of,
    dig,
    is_deleting,
    key_of,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from k8slab.kube.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import ApiError


class DeploymentController:
    """Rolls Deployments out, scales them, pauses them, cleans up after them and reports how far they are."""

    name = "deployment-controller"
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._api = desk.api
        self._deployments = desk.informer(DEPLOYMENTS)
        self._sets = desk.informer(REPLICA_SETS)
        self._pods = desk.informer(PODS)
        self._recorder = desk.recorder(self.name)
        self._new = NewReplicaSets(self._api, self._sets, self._recorder, desk.clock)

    def watches(self) -> Sequence[Watch]:
        """React to Deployments, their ReplicaSets (and orphans among those), and pods that vanish (for Recreate)."""
        return (
            Watch(DEPLOYMENTS, own_key),
            Watch(REPLICA_SETS, self._deployments_of),
            Watch(PODS, self._after_pod),
        )

    def _deployments_of(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        yield from controller_key("Deployment")(before, after)
        if after is not None and controller_of(after) is None and not is_deleting(after):
            for candidate in self._deployments.objects(namespace_of(after)):
                if label_selector_of(dig(candidate, "spec", "selector")).matches(labels_of(after)):
                    yield key_of(candidate)

    def _after_pod(self, before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        if before is None or after is not None:
            return
        for reference in controller_key("ReplicaSet")(before, None):
            replica_set = self._sets.get(*reference)
            if replica_set is not None:
                yield from controller_key("Deployment")(replica_set, None)

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one Deployment a step further."""
        known = self._deployments.get(key.namespace, key.name)
        if known is None:
            return DONE
        deployment = copy_of(known)
        rollout = rollout_of(deployment, await self._claim(deployment))
        if is_deleting(deployment):
            await self._write_status(rollout, status.plain_status(rollout, self._now))
            return DONE
        rollout = await self._note_pause(rollout)
        if dig(deployment, "spec", "paused", default=False):
            return await self._resize(rollout)
        rollout = await self._new.refresh(rollout)
        if sizes.is_scaling(rollout):
            return await self._resize(rollout)
        return await (self._roll(rollout) if is_rolling(deployment) else self._recreate(rollout))

    @property
    def _now(self) -> datetime:
        return self._desk.clock.now()

    async def _claim(self, deployment: Obj) -> list[Obj]:
        selector = label_selector_of(dig(deployment, "spec", "selector"))
        claimed = []
        for replica_set in self._sets.controlled_by(uid_of(deployment)):
            if selector.matches(labels_of(replica_set)):
                claimed.append(replica_set)
            elif not is_deleting(deployment):
                await release(self._api, REPLICA_SETS, replica_set, deployment)
        if is_deleting(deployment):
            return claimed
        orphans = [
            replica_set
            for replica_set in self._sets.select(namespace_of(deployment), selector)
            if controller_of(replica_set) is None and not is_deleting(replica_set)
        ]
        return claimed + await adopt(self._api, REPLICA_SETS, orphans, DEPLOYMENTS, deployment)

    async def _note_pause(self, rollout: Rollout) -> Rollout:
        """Say in the Progressing condition that the rollout is paused or goes on, so that it cannot time out."""
        deployment = rollout.deployment
        current = find(status.conditions_of(deployment), status.PROGRESSING)
        reason = None if current is None else current.get("reason")
        paused = bool(dig(deployment, "spec", "paused", default=False))
        if status.deadline_of(deployment) is None or reason == status.TIMED_OUT:
            return rollout
        if paused == (reason == status.PAUSED):
            return rollout
        word, text = (status.PAUSED, "paused") if paused else ("DeploymentResumed", "resumed")
        noted = status.condition(status.PROGRESSING, "Unknown", word, f"Deployment is {text}", self._now)
        conditions = with_condition(status.conditions_of(deployment), noted)
        written = await self._api.update(
            DEPLOYMENTS, status.with_conditions(deployment, conditions), subresource="status"
        )
        return Rollout(written, rollout.new, rollout.old)

    # --- the ways ---

    async def _resize(self, rollout: Rollout) -> Result:
        rollout = await self._new.refresh(rollout)
        await self._scale(rollout, sizes.scaled_sizes(rollout))
        if dig(rollout.deployment, "spec", "paused", default=False):
            await self._clean_up(rollout)
        await self._write_status(rollout, status.plain_status(rollout, self._now))
        return DONE

    async def _roll(self, rollout: Rollout) -> Result:
        rollout = await self._new.ensure(rollout)
        if rollout.new is None:
            return DONE
        scaled = await self._scale(rollout, [Scale(rollout.new, sizes.new_size(rollout))], only_size=True)
        if not scaled:
            scaled = await self._scale(rollout, sizes.old_sizes(rollout), only_size=True)
        return await self._finish(rollout, scaled=scaled)

    async def _recreate(self, rollout: Rollout) -> Result:
        scaled = await self._scale(rollout, sizes.recreate_sizes(rollout), only_size=True)
        if scaled or self._old_pods_run(rollout):
            return await self._finish(rollout, scaled=True)
        rollout = await self._new.ensure(rollout)
        if rollout.new is None:
            return DONE
        await self._scale(rollout, [Scale(rollout.new, size_of(rollout.deployment))], only_size=True)
        return await self._finish(rollout, scaled=False)

    async def _finish(self, rollout: Rollout, *, scaled: bool) -> Result:
        if not scaled and status.is_complete(rollout.deployment, rollout.deployment.get("status") or {}):
            await self._clean_up(rollout)
        found = status.rollout_status(rollout, self._now)
        await self._write_status(rollout, found)
        return Result(requeue_after=status.next_look(rollout.deployment, found, self._now))

    def _old_pods_run(self, rollout: Rollout) -> bool:
        if sizes.reported(rollout.old, "replicas") > 0:
            return True
        pods = (pod for replica_set in rollout.old for pod in self._pods.controlled_by(uid_of(replica_set)))
        return any(not has_ended(pod) for pod in pods)

    # --- writes ---

    async def _scale(self, rollout: Rollout, scales: Sequence[Scale], *, only_size: bool = False) -> bool:
        """Write the sizes that differ; tell whether there were any.

        The rollout stays as it was: its status is written for what was seen, and the change brings the next sync.
        """
        scaled = False
        for scale in scales:
            differs = size_of(scale.replica_set) != scale.size
            if differs or not only_size:
                await self._write_size(rollout.deployment, scale)
            scaled = scaled or differs
        return scaled

    async def _write_size(self, deployment: Obj, scale: Scale) -> None:
        before = size_of(scale.replica_set)
        notes = sizes.replica_annotations(deployment)
        if before == scale.size and notes.items() <= annotations_of(scale.replica_set).items():
            return
        changed = copy_of(scale.replica_set)
        changed["spec"]["replicas"] = scale.size
        changed["metadata"].setdefault("annotations", {}).update(notes)
        await self._api.update(REPLICA_SETS, changed)
        if before != scale.size:
            direction = "up" if before < scale.size else "down"
            message = f"Scaled {direction} replica set {name_of(changed)} from {before} to {scale.size}"
            self._recorder.event(deployment, "Normal", "ScalingReplicaSet", message)

    async def _clean_up(self, rollout: Rollout) -> None:
        for replica_set in surplus(rollout):
            try:
                await self._api.delete(REPLICA_SETS, namespace_of(replica_set), name_of(replica_set))
            except ApiError as error:
                if error.reason != "NotFound":
                    raise

    async def _write_status(self, rollout: Rollout, found: status.Status) -> None:
        new = status.stored_form(found)
        deployment = rollout.deployment
        if new != status.stored_form(deployment.get("status") or {}):
            await self._api.update(DEPLOYMENTS, {**deployment, "status": new}, subresource="status")
