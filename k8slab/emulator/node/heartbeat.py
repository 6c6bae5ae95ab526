"""The node's Lease: the sign of life that it renews every ten seconds (k8s.io/component-helpers/apimachinery/lease)."""

from __future__ import annotations

import logging

from k8slab.clock import Clock, micro_timestamp
from k8slab.emulator.api import Api
from k8slab.emulator.node.node_object import NODE_NAME
from k8slab.kube.objects import Obj, uid_of
from k8slab.kube.resources import LEASES, NODES
from k8slab.kube.status import ApiError

_NAMESPACE = "kube-node-lease"
_SECONDS, _DURATION = 10.0, 40
_LOG = logging.getLogger(__name__)


class Heartbeat:
    """Renews the Lease until cancelled."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def run(self) -> None:
        """Renew, wait, renew."""
        while True:
            try:
                await self.beat()
            except ApiError as error:
                _LOG.debug("the node's lease was not renewed: %s", error)
            await self._clock.sleep(_SECONDS)

    async def beat(self) -> None:
        """Renew the Lease, or make it."""
        renewed = {"spec": {"renewTime": micro_timestamp(self._clock.now())}}
        try:
            await self._api.patch(LEASES, _NAMESPACE, NODE_NAME, renewed)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            await self._api.create(LEASES, await self._lease(renewed["spec"]["renewTime"]))

    async def _lease(self, now: str) -> Obj:
        node = await self._api.get(NODES, "", NODE_NAME)
        owner = {"apiVersion": "v1", "kind": "Node", "name": NODE_NAME, "uid": uid_of(node)}
        meta = {"name": NODE_NAME, "namespace": _NAMESPACE, "ownerReferences": [owner]}
        spec = {"holderIdentity": NODE_NAME, "leaseDurationSeconds": _DURATION, "renewTime": now}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
