"""Endpoints, the older form of EndpointSlices (pkg/controller/endpoint)."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence
from typing import Any

from k8slab.emulator.controllers.ending import namespace_ends
from k8slab.emulator.controllers.pods import is_ready
from k8slab.emulator.controllers.service_pods import (
    HEADLESS,
    TRIGGER_TIME,
    TriggerTimes,
    endpoint_ports,
    hostname_of,
    is_headless,
    selected_pods,
    selector_of,
    services_of_pod,
    target_reference,
)
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Watch, own_key
from k8slab.kube.objects import Obj, annotations_of, dig, is_deleting, key_of, labels_of, name_of, namespace_of
from k8slab.kube.resources import ENDPOINTS, PODS, SERVICES
from k8slab.kube.status import ApiError

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
CONTROLLER = "endpoint-controller"
_OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
_CAPACITY = 1000


class EndpointsController:
    """Keeps one Endpoints object for each Service with a selector."""

    name = CONTROLLER
    workers = 5

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._services = desk.informer(SERVICES)
        self._pods = desk.informer(PODS)
        self._endpoints = desk.informer(ENDPOINTS)
        self._recorder = desk.recorder(self.name)
        self._times = TriggerTimes()

    def watches(self) -> Sequence[Watch]:
        """React to Services, to pods that they select, and to Endpoints that vanish or outlived their Service."""
        return (
            Watch(SERVICES, own_key),
            Watch(PODS, services_of_pod(self._services)),
            Watch(ENDPOINTS, _gone_or_left_over),
        )

    async def sync(self, key: ObjectKey) -> Result:
        """Bring one Service's Endpoints in step with its pods."""
        service = self._services.get(key.namespace, key.name)
        present = self._endpoints.get(key.namespace, key.name)
        if service is None:
            self._times.forget(key)
            if present is not None and not is_deleting(present):
                await self._delete(key)
            return DONE
        if not selector_of(service):
            return DONE
        pods = selected_pods(service, self._pods)
        trigger = self._times.of(service, pods)
        subsets, truncated = _truncated(subsets_of(service, pods))
        labels = endpoints_labels(service)
        if present is not None and (present.get("subsets") or []) == subsets and labels_of(present) == labels:
            return DONE
        annotations = dict(annotations_of(present or {}))
        noted = {TRIGGER_TIME: trigger, _OVER_CAPACITY: "truncated" if truncated else ""}
        for name, text in noted.items():
            annotations.pop(name, None)
            if text:
                annotations[name] = text
        meta = {"name": key.name, "namespace": key.namespace} if present is None else present["metadata"]
        wanted: Obj = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {**meta, "labels": labels, "annotations": annotations},
            "subsets": subsets,
        }
        await self._write(service, wanted, new=present is None)
        return DONE

    async def _write(self, service: Obj, wanted: Obj, *, new: bool) -> None:
        try:
            await (self._api.create if new else self._api.update)(ENDPOINTS, wanted)
        except ApiError as error:
            if new and namespace_ends(error):
                return
            what = key_of(service)
            reason = "FailedToCreateEndpoint" if new else "FailedToUpdateEndpoint"
            words = f"Failed to create endpoint for service {what}" if new else f"Failed to update endpoint {what}"
            self._recorder.event(wanted, "Warning", reason, f"{words}: {error.message}")
            raise

    async def _delete(self, key: ObjectKey) -> None:
        try:
            await self._api.delete(ENDPOINTS, key.namespace, key.name)
        except ApiError as error:
            if error.reason != "NotFound":
                raise


def endpoints_labels(service: Obj) -> dict[str, str]:
    """Return the labels of a Service's Endpoints."""
    labels = {name: value for name, value in labels_of(service).items() if name != HEADLESS}
    return {**labels, **({HEADLESS: ""} if is_headless(service) else {}), MANAGED_BY: CONTROLLER}


def subsets_of(service: Obj, pods: Iterable[Obj]) -> list[dict[str, Any]]:
    """Return the subsets: pods with the same ports together, ready and not ready ones apart. Pure."""
    published = bool(dig(service, "spec", "publishNotReadyAddresses"))
    # First each port's addresses, then the ports that have the same addresses.
    by_port: dict[str, list[tuple[bool, dict[str, Any]]]] = {}
    for pod in pods:
        if is_deleting(pod) and not published:
            continue
        entry = (published or is_ready(pod), _address(service, pod))
        ports = endpoint_ports(service, pod)
        portless = not dig(service, "spec", "ports") and is_headless(service)
        texts = [json.dumps(port) for port in ports] or (["null"] if portless else [])
        for text in texts:
            by_port.setdefault(text, []).append(entry)
    by_addresses: dict[str, list[str]] = {}
    for port_text, entries in by_port.items():
        entries.sort(key=_address_order)
        by_addresses.setdefault(json.dumps(entries), []).append(port_text)
    subsets = [_subset(json.loads(text), port_texts) for text, port_texts in by_addresses.items()]
    return sorted(subsets, key=lambda subset: json.dumps(subset.get("ports", [])))


def _subset(entries: Sequence[Sequence[Any]], port_texts: Sequence[str]) -> dict[str, Any]:
    ports = [port for text in port_texts if (port := json.loads(text)) is not None]
    for port in ports:
        if not port["name"]:
            del port["name"]
    parts = {
        "addresses": [address for ready, address in entries if ready],
        "notReadyAddresses": [address for ready, address in entries if not ready],
        "ports": ports,
    }
    return {name: value for name, value in parts.items() if value}


def _address(service: Obj, pod: Obj) -> dict[str, Any]:
    optional = {"hostname": hostname_of(pod, service), "nodeName": dig(pod, "spec", "nodeName", default="")}
    return {
        "ip": pod["status"]["podIP"],
        **{name: value for name, value in optional.items() if value},
        "targetRef": target_reference(pod),
    }


def _address_order(entry: tuple[bool, dict[str, Any]]) -> tuple[bytes, str]:
    address = entry[1]
    return ipaddress.ip_address(address["ip"]).packed, address["targetRef"]["uid"]


def _truncated(subsets: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Keep at most 1000 addresses, ready ones first."""
    room, cut = _CAPACITY, False
    for name in ("addresses", "notReadyAddresses"):
        for subset in subsets:
            addresses = subset.get(name, [])
            if len(addresses) > room:
                subset[name], cut = addresses[:room], True
            room -= len(subset.get(name, []))
    return subsets, cut


def _gone_or_left_over(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
    if before is not None and after is None:
        yield ObjectKey(namespace_of(before), name_of(before))
    elif before is None and after is not None and labels_of(after).get(MANAGED_BY) == CONTROLLER:
        yield key_of(after)
