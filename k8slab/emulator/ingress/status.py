"""Where an Ingress is reached, written into its status (ing:internal/ingress/status/status.go)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from k8slab.emulator.api import Api
from k8slab.emulator.ingress.options import Options
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import INGRESSES
from k8slab.kube.status import ApiError


def addresses(options: Options, service: Obj | None, node_addresses: Sequence[str]) -> list[Obj]:
    """Return what ``status.loadBalancer.ingress`` shows."""
    if options.publish_address:
        return [_entry(part.strip()) for part in options.publish_address.split(",")]
    if options.publish_service:
        return _of_service(service)
    return [_entry(address) for address in node_addresses]


def _entry(address: str) -> Obj:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return {"hostname": address}
    return {"ip": address}


def _of_service(service: Obj | None) -> list[Obj]:
    given = dig(service, "status", "loadBalancer", "ingress", default=[]) if service else []
    spec = (service or {}).get("spec") or {}
    if given:
        return [{key: value for key, value in entry.items() if key in ("ip", "hostname")} for entry in given]
    if spec.get("externalIPs"):
        return [_entry(address) for address in spec["externalIPs"]]
    if spec.get("type") == "ExternalName":
        return [_entry(str(spec.get("externalName", "")))]
    address = spec.get("clusterIP")
    return [_entry(address)] if spec.get("type") in ("ClusterIP", "NodePort") and address else []


async def publish(api: Api, ingresses: Sequence[Obj], wanted: list[Obj]) -> None:
    """Write the addresses into every Ingress that shows others."""
    for ingress in ingresses:
        if dig(ingress, "status", "loadBalancer", "ingress", default=[]) == wanted:
            continue
        try:
            # The controller's ClusterRole has "update" on ingresses/status, not "patch".
            live = await api.get(INGRESSES, namespace_of(ingress), name_of(ingress))
            status = {"loadBalancer": {"ingress": wanted} if wanted else {}}
            await api.update(INGRESSES, {**live, "status": status}, subresource="status")
        except ApiError as error:
            if error.reason not in ("NotFound", "Conflict"):
                raise
