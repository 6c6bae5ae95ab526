"""The ReplicaSet of a Deployment's present template: found, made, and kept in step (getNewReplicaSet)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8slab.clock import Clock
from k8slab.emulator.api import Api
from k8slab.emulator.controllers.conditions import Condition, find, with_condition
from k8slab.emulator.controllers.deployment import status
from k8slab.emulator.controllers.deployment.revisions import REVISION, new_annotations, next_revision
from k8slab.emulator.controllers.deployment.sizes import Rollout, new_size, size_of
from k8slab.emulator.controllers.deployment.template import (
    HASH_LABEL,
    replica_set_name,
    same_template,
)
from k8slab.emulator.controllers.ending import namespace_ends
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.controllers.template_hash import template_hash
from k8slab.emulator.machinery.controller import copy_of
from k8slab.emulator.machinery.events import EventRecorder
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, annotations_of, controller_of, dig, name_of, namespace_of, uid_of
from k8slab.kube.resources import DEPLOYMENTS, REPLICA_SETS
from k8slab.kube.status import ApiError


class NewReplicaSets:
    """Finds, creates and annotates the newest ReplicaSet and notes its revision on the Deployment."""

    def __init__(self, api: Api, replica_sets: Informer, recorder: EventRecorder, clock: Clock) -> None:
        self._api = api
        self._sets = replica_sets
        self._recorder = recorder
        self._clock = clock

    async def refresh(self, rollout: Rollout) -> Rollout:
        """Bring the annotations of an existing new ReplicaSet and the Deployment's revision up to date."""
        if rollout.new is None:
            return rollout
        wanted = new_annotations(rollout)
        ready = int(dig(rollout.deployment, "spec", "minReadySeconds", default=0))
        if wanted != annotations_of(rollout.new) or ready != dig(rollout.new, "spec", "minReadySeconds", default=0):
            changed = copy_of(rollout.new)
            changed["metadata"]["annotations"] = wanted
            changed["spec"]["minReadySeconds"] = ready
            rollout = rollout.with_new(await self._api.update(REPLICA_SETS, changed))
        message = f'Found new replica set "{name_of(rollout.new or {})}"'
        found = None
        if find(status.conditions_of(rollout.deployment), status.PROGRESSING) is None:
            found = self._progressing("True", "FoundNewReplicaSet", message)
        return await self._note(rollout, annotations_of(rollout.new or {}).get(REVISION, ""), found)

    async def ensure(self, rollout: Rollout) -> Rollout:
        """Create the new ReplicaSet when there is none yet."""
        if rollout.new is not None:
            return rollout
        wanted = self._draft(rollout)
        name = name_of(wanted)
        try:
            made = await self._api.create(REPLICA_SETS, wanted)
        except ApiError as error:
            if error.reason == "AlreadyExists":
                made = await self._existing(rollout, name, error)
                return await self._note(rollout.with_new(made), str(next_revision(rollout)), None)
            await self._report(rollout, f'Failed to create new replica set "{name}": {error.message}', error)
            raise
        if size_of(made) > 0:
            message = f"Scaled up replica set {name} from 0 to {size_of(made)}"
            self._recorder.event(rollout.deployment, "Normal", "ScalingReplicaSet", message)
        created = self._progressing("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        return await self._note(rollout.with_new(made), str(next_revision(rollout)), created)

    def _draft(self, rollout: Rollout) -> Obj:
        deployment = rollout.deployment
        template = copy_of(deployment["spec"]["template"])
        hashed = template_hash(template, dig(deployment, "status", "collisionCount"))
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[HASH_LABEL] = hashed
        selector: dict[str, Any] = copy_of(deployment["spec"].get("selector") or {})
        selector.setdefault("matchLabels", {})[HASH_LABEL] = hashed
        return {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": replica_set_name(deployment, hashed),
                "namespace": namespace_of(deployment),
                "labels": dict(labels),
                "annotations": new_annotations(rollout),
                "ownerReferences": [controller_reference(deployment)],
            },
            "spec": {
                "replicas": new_size(rollout),
                "selector": selector,
                "template": template,
                **_present(deployment["spec"], "minReadySeconds"),
            },
        }

    async def _existing(self, rollout: Rollout, name: str, error: ApiError) -> Obj:
        """Return our own ReplicaSet of that name; for somebody else's, count a collision and try another hash."""
        deployment = rollout.deployment
        present = await self._api.get(REPLICA_SETS, namespace_of(deployment), name)
        owner = controller_of(present) or {}
        if owner.get("uid") == uid_of(deployment) and same_template(
            dig(present, "spec", "template", default={}), deployment["spec"]["template"]
        ):
            return present
        collisions = int(dig(deployment, "status", "collisionCount", default=0)) + 1
        changed = {**deployment, "status": {**(deployment.get("status") or {}), "collisionCount": collisions}}
        await self._api.update(DEPLOYMENTS, changed, subresource="status")
        raise error

    async def _report(self, rollout: Rollout, message: str, error: ApiError) -> None:
        if namespace_ends(error):
            return
        await self._note(rollout, "", self._progressing("False", "ReplicaSetCreateError", message))
        self._recorder.event(rollout.deployment, "Warning", "ReplicaSetCreateError", message)

    async def _note(self, rollout: Rollout, revision: str, progress: Condition | None) -> Rollout:
        """Write revision and progress to the Deployment where they are news."""
        deployment = rollout.deployment
        if progress is not None and status.deadline_of(deployment) is not None:
            conditions = with_condition(status.conditions_of(deployment), progress)
            deployment = status.with_conditions(deployment, conditions)
        if revision and annotations_of(deployment).get(REVISION) != revision:
            annotations = {**annotations_of(deployment), REVISION: revision}
            deployment = {**deployment, "metadata": {**deployment["metadata"], "annotations": annotations}}
        if deployment == rollout.deployment:
            return rollout
        written = await self._api.update(DEPLOYMENTS, deployment, subresource="status")
        return Rollout(written, rollout.new, rollout.old)

    def _progressing(self, value: str, reason: str, message: str) -> Condition:
        return status.condition(status.PROGRESSING, value, reason, message, self._clock.now())


def _present(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: spec[name]} if spec.get(name) else {}
