"""The Service in front of each Gateway: its cluster IP is the Gateway's address, its node ports are the way in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from k8slab.emulator.api import Api
from k8slab.emulator.ingress.gateway.planning import Ports
from k8slab.kube.gateway import GATEWAY_NAME
from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of
from k8slab.kube.resources import SERVICES
from k8slab.kube.status import ApiError

# The label that the specification gives objects made for a Gateway (GEP-1762), and our own for its namespace.
NAME_LABEL = GATEWAY_NAME
NAMESPACE_LABEL = "k8slab.dev/gateway-namespace"
# The first Gateway that listens on a usual port gets the node port that lessons name.
_NODE_PORTS = {80: 30881, 443: 30444}


def known_ports(services: Sequence[Obj]) -> dict[tuple[str, int], int]:
    """Return which port of the controller's pod stands behind each port of each Gateway already."""
    return {
        (_gateway(service), int(port["port"])): int(port["targetPort"])
        for service in services
        if NAMESPACE_LABEL in labels_of(service)
        for port in dig(service, "spec", "ports", default=[])
    }


def _gateway(service: Obj) -> str:
    labels = labels_of(service)
    return f"{labels.get(NAMESPACE_LABEL)}/{labels.get(NAME_LABEL)}"


def address_of(services: Sequence[Obj], gateway: str) -> list[str]:
    """Return the cluster IP of a Gateway's Service."""
    found = next((dig(entry, "spec", "clusterIP") for entry in services if _gateway(entry) == gateway), None)
    return [str(found)] if found else []


class Doors:
    """Makes, changes and deletes the Services in the controller's namespace; they select its pods by ``selector``."""

    def __init__(self, api: Api, namespace: str, selector: Mapping[str, str]) -> None:
        self._api = api
        self._namespace = namespace
        self._selector = dict(selector)

    async def keep(self, gateways: Sequence[Obj], ports: Ports, services: Sequence[Obj]) -> None:
        """Let each Gateway that has ports have its Service, and no other one."""
        ours = {_gateway(entry): entry for entry in services if NAMESPACE_LABEL in labels_of(entry)}
        wanted = {f"{namespace_of(entry)}/{name_of(entry)}": entry for entry in gateways}
        wanted = {key: entry for key, entry in wanted.items() if any(owner == key for owner, _ in ports)}
        for key in set(ours) - set(wanted):
            await _ignoring(("NotFound",), self._api.delete(SERVICES, self._namespace, name_of(ours.pop(key))))
        taken = {port.get("nodePort") for entry in ours.values() for port in entry["spec"]["ports"]}
        for key, gateway in wanted.items():
            here = {port: target for (owner, port), target in ports.items() if owner == key}
            found = ours.get(key)
            if found is None:
                await self._create(gateway, here, taken)
            elif {int(port["port"]): port["targetPort"] for port in found["spec"]["ports"]} != here:
                await self._change(found, here, gateway)

    async def _create(self, gateway: Obj, here: Mapping[int, int], taken: set[Any]) -> None:
        fixed = {port: number for port, number in _NODE_PORTS.items() if port in here and number not in taken}
        taken |= set(fixed.values())
        for numbers in (fixed, {}):
            service = self._service(gateway, _ports(here, _protocols(gateway), numbers))
            try:
                await self._api.create(SERVICES, service)
            except ApiError as error:
                if error.reason == "Invalid" and numbers:
                    continue  # somebody else has the node port: then any other one
                if error.reason != "AlreadyExists":
                    raise
            return

    async def _change(self, found: Obj, here: Mapping[int, int], gateway: Obj) -> None:
        numbers = {int(port["port"]): port["nodePort"] for port in found["spec"]["ports"] if port.get("nodePort")}
        changed = {**found, "spec": {**found["spec"], "ports": _ports(here, _protocols(gateway), numbers)}}
        await _ignoring(("Conflict", "NotFound"), self._api.update(SERVICES, changed))

    def _service(self, gateway: Obj, ports: list[Obj]) -> Obj:
        key = f"{namespace_of(gateway)}/{name_of(gateway)}"
        # Names of two namespaces could meet: the digest keeps them apart.
        name = f"gateway-{name_of(gateway)[:40]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        labels = {NAME_LABEL: name_of(gateway), NAMESPACE_LABEL: namespace_of(gateway)}
        return {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": self._namespace, "labels": labels},
            "spec": {"type": "NodePort", "selector": self._selector, "ports": ports},
        }  # fmt: skip


def _protocols(gateway: Obj) -> dict[int, str]:
    listeners = dig(gateway, "spec", "listeners", default=[])
    return {int(entry["port"]): str(entry["protocol"]).lower() for entry in reversed(listeners)}


def _ports(here: Mapping[int, int], protocols: Mapping[int, str], node_ports: Mapping[int, int]) -> list[Obj]:
    found = []
    for port, target in sorted(here.items()):
        entry = {
            "name": f"{protocols[port]}-{port}",
            "appProtocol": protocols[port],
            "port": port,
            "targetPort": target,
        }
        found.append(entry | ({"nodePort": node_ports[port]} if port in node_ports else {}))
    return found


async def _ignoring(reasons: tuple[str, ...], call: Any) -> None:
    try:
        await call
    except ApiError as error:
        if error.reason not in reasons:
            raise
