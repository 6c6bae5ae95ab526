"""Writes the statuses of GatewayClasses, Gateways and HTTPRoutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import Api
from k8slab.emulator.ingress.gateway.services import address_of
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource
from k8slab.kube.status import ApiError
from k8slab.routing.gateway.statuses import class_status, gateway_status, route_status, where, without_parents
from k8slab.routing.gateway.table import Table
from k8slab.routing.gateway.world import World


class Publisher:
    """Writes only what differs; a conflict is left alone, for the change that caused it brings us back."""

    def __init__(self, api: Api, clock: Clock, kinds: Mapping[str, Resource]) -> None:
        self._api = api
        self._clock = clock
        self._kinds = kinds

    async def publish(self, world: World, table: Table, services: Sequence[Obj]) -> None:
        """Bring all statuses up to date."""
        now = timestamp(self._clock.now())
        for entry in world.our_classes():
            await self._write("gatewayclasses", entry, class_status(entry, now))
        for gateway in world.our_gateways():
            status = gateway_status(gateway, table, address_of(services, where(gateway)), now)
            await self._write("gateways", gateway, status)
        judged = {where(entry.route): entry for entry in table.routes}
        for route in world.routes:
            found = judged.get(where(route))
            status = route_status(found, now) if found else without_parents(route)
            if found or status["parents"] != ((route.get("status") or {}).get("parents") or []):
                await self._write("httproutes", route, status)

    async def _write(self, plural: str, known: Obj, status: Obj) -> None:
        if status == known.get("status"):
            return
        resource = self._kinds[plural]
        try:
            await self._api.update(resource, {**known, "status": status}, subresource="status")
        except ApiError as error:
            if error.reason not in ("NotFound", "Conflict"):
                raise
