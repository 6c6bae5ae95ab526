"""What Endpoints and EndpointSlices have in common: which pods a Service has and how they are reached. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from k8slab.emulator.controllers.pods import has_ended
from k8slab.emulator.machinery.controller import ObjectKey, Route
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, dig, find_condition, key_of, labels_of, name_of, namespace_of, uid_of
from k8slab.kube.selectors import label_selector_of

TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
HEADLESS = "service.kubernetes.io/headless"


def selector_of(service: Obj) -> dict[str, str]:
    """Return the labels that a Service selects pods by; empty when somebody else looks after its endpoints."""
    if dig(service, "spec", "type") == "ExternalName":
        return {}
    found: dict[str, str] = dig(service, "spec", "selector", default={})
    return found


def selected_pods(service: Obj, pods: Informer) -> list[Obj]:
    """Return the pods that a Service selects, ended ones and those without address left out."""
    selector = label_selector_of({"matchLabels": selector_of(service)})
    found = pods.select(namespace_of(service), selector)
    return [pod for pod in found if not has_ended(pod) and dig(pod, "status", "podIP")]


def services_of_pod(services: Informer) -> Route:
    """Return the route from a pod to the Services that select it, before and after its change."""

    def route(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        some = after if after is not None else before
        if some is None:
            return
        seen = [labels_of(obj).items() for obj in (before, after) if obj is not None]
        for service in services.objects(namespace_of(some)):
            wanted = selector_of(service).items()
            if wanted and any(wanted <= labels for labels in seen):
                yield key_of(service)

    return route


def is_headless(service: Obj) -> bool:
    """Tell whether the Service has no address of its own."""
    return dig(service, "spec", "clusterIP", default="") in ("", "None")


def target_reference(pod: Obj) -> dict[str, Any]:
    """Return what points from an endpoint to its pod."""
    return {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)}


def hostname_of(pod: Obj, service: Obj) -> str:
    """Return the pod's name below the Service's (``spec.hostname`` with ``subdomain``), or an empty text."""
    if dig(pod, "spec", "subdomain") != name_of(service):
        return ""
    return str(dig(pod, "spec", "hostname", default=""))


def target_port(pod: Obj, service_port: Obj) -> int | None:
    """Return the number behind ``targetPort``; a name is looked up in the pod. None: the pod has no such port."""
    target = service_port.get("targetPort", service_port.get("port"))
    if isinstance(target, int):
        return target
    containers = [*dig(pod, "spec", "containers", default=[]), *_sidecars(pod)]
    protocol = service_port.get("protocol", "TCP")
    for container in containers:
        for port in container.get("ports") or []:
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def _sidecars(pod: Obj) -> list[Obj]:
    starting: Sequence[Obj] = dig(pod, "spec", "initContainers", default=[])
    return [container for container in starting if container.get("restartPolicy") == "Always"]


def endpoint_ports(service: Obj, pod: Obj) -> list[dict[str, Any]]:
    """Return the ports under which a pod serves; a Service port that the pod does not have is left out."""
    ports = []
    for service_port in dig(service, "spec", "ports", default=[]):
        number = target_port(pod, service_port)
        if number is None:
            continue
        port = {
            "name": service_port.get("name", ""),
            "port": number,
            "protocol": service_port.get("protocol", "TCP"),
        }
        if service_port.get("appProtocol"):
            port["appProtocol"] = service_port["appProtocol"]
        ports.append(port)
    return ports


class TriggerTimes:
    """When the change happened that endpoints are being written for (endpointslice/util/trigger_time_tracker.go)."""

    def __init__(self) -> None:
        self._seen: dict[ObjectKey, dict[str, str]] = {}

    def of(self, service: Obj, pods: Iterable[Obj]) -> str:
        """Return the earliest change since the last call; empty when there is none."""
        key = key_of(service)
        known = self._seen.get(key)
        created = str(dig(service, "metadata", "creationTimestamp", default=""))
        times = {name_of(pod): moment for pod in pods if (moment := _ready_changed(pod))}
        self._seen[key] = {**times, "": created}
        if known is None:
            return created
        changed = [moment for name, moment in self._seen[key].items() if moment > known.get(name, "")]
        return min(changed, default="")

    def forget(self, key: ObjectKey) -> None:
        """Forget a Service that is gone."""
        self._seen.pop(key, None)


def _ready_changed(pod: Obj) -> str:
    return str((find_condition(pod, "Ready") or {}).get("lastTransitionTime") or "")


NodeOf = Callable[[str], Obj | None]
