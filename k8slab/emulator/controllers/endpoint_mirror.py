"""EndpointSlices for Endpoints that somebody wrote by hand (pkg/controller/endpointslicemirroring)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from k8slab.emulator.controllers.ending import create_unless_ending
from k8slab.emulator.controllers.endpoint_slice_plan import MANAGED_BY, SERVICE_NAME
from k8slab.emulator.controllers.ownership import controller_reference
from k8slab.emulator.controllers.service_pods import selector_of
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, labels_of, name_of, namespace_of
from k8slab.kube.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from k8slab.kube.selectors import label_selector_of

CONTROLLER = "endpointslicemirroring-controller.k8s.io"
_SKIP = "endpointslice.kubernetes.io/skip-mirror"
_NOT_COPIED = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration",
    "endpoints.kubernetes.io/last-change-trigger-time",
})  # fmt: skip
_MOST = 1000


class EndpointMirror:
    """Mirrors the Endpoints of Services without selector, so that traffic follows them."""

    name = "endpointslicemirroring-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._services = desk.informer(SERVICES)
        self._endpoints = desk.informer(ENDPOINTS)
        self._slices = desk.informer(ENDPOINT_SLICES)

    def watches(self) -> Sequence[Watch]:
        """React to Endpoints, to their Services, and to changes of the slices by others."""
        return (Watch(ENDPOINTS, own_key), Watch(SERVICES, own_key), Watch(ENDPOINT_SLICES, _source_of))

    async def sync(self, key: ObjectKey) -> Result:
        """Bring the slices of one Endpoints object in step with it."""
        endpoints = self._endpoints.get(key.namespace, key.name)
        service = self._services.get(key.namespace, key.name)
        mine = label_selector_of({"matchLabels": {SERVICE_NAME: key.name, MANAGED_BY: CONTROLLER}})
        present = [piece for piece in self._slices.select(key.namespace, mine) if not is_deleting(piece)]
        wanted = (
            mirrored(endpoints) if endpoints is not None and service is not None and not selector_of(service) else []
        )
        for piece, target in zip_longest(present, wanted):
            await self._write(piece, target)
        return DONE

    async def _write(self, present: Obj | None, wanted: Obj | None) -> None:
        if present is None:
            if wanted is not None:
                await create_unless_ending(self._api, ENDPOINT_SLICES, wanted)
        elif wanted is None:
            await self._api.delete(ENDPOINT_SLICES, namespace_of(present), name_of(present))
        elif present["addressType"] != wanted["addressType"]:
            await self._api.delete(ENDPOINT_SLICES, namespace_of(present), name_of(present))
            await create_unless_ending(self._api, ENDPOINT_SLICES, wanted)
        else:
            meta = {name: wanted["metadata"][name] for name in ("labels", "annotations")}
            changed = {**present, **wanted, "metadata": {**present["metadata"], **meta}}
            if _content(changed) != _content(present):
                await self._api.update(ENDPOINT_SLICES, changed)


def mirrored(endpoints: Obj) -> list[Obj]:
    """Return the slices of an Endpoints object: one for each subset and address family. Pure."""
    if labels_of(endpoints).get(_SKIP) == "true" or is_deleting(endpoints):
        return []
    slices = []
    for subset in endpoints.get("subsets") or []:
        entries = [(address, True) for address in subset.get("addresses") or []]
        entries += [(address, False) for address in subset.get("notReadyAddresses") or []]
        for family in ("IPv4", "IPv6"):
            found = [_endpoint(address, ready) for address, ready in entries if _family(address) == family]
            if found:
                slices.append(_slice(endpoints, family, found[:_MOST], subset.get("ports") or []))
    return slices


def _slice(endpoints: Obj, family: str, found: list[dict[str, Any]], ports: Sequence[dict[str, Any]]) -> Obj:
    annotations = annotations_of(endpoints).items()
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(endpoints)}-",
            "namespace": namespace_of(endpoints),
            "labels": {**labels_of(endpoints), SERVICE_NAME: name_of(endpoints), MANAGED_BY: CONTROLLER},
            "annotations": {name: text for name, text in annotations if name not in _NOT_COPIED},
            "ownerReferences": [controller_reference(endpoints)],
        },
        "addressType": family,
        "endpoints": found,
        "ports": [{"name": "", "protocol": "TCP", **port} for port in ports],
    }


def _endpoint(address: dict[str, Any], ready: bool) -> dict[str, Any]:
    copied = {name: address[name] for name in ("hostname", "nodeName", "targetRef") if address.get(name)}
    return {"addresses": [address["ip"]], "conditions": {"ready": ready}, **copied}


def _family(address: dict[str, Any]) -> str:
    return f"IPv{ipaddress.ip_address(address['ip']).version}"


def _content(piece: Obj) -> list[Any]:
    return [piece.get("endpoints"), piece.get("ports"), labels_of(piece), annotations_of(piece)]


def _source_of(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
    for piece in (before, after):
        if piece is not None and labels_of(piece).get(MANAGED_BY) == CONTROLLER:
            yield ObjectKey(namespace_of(piece), str(dig(piece, "metadata", "labels", SERVICE_NAME, default="")))
