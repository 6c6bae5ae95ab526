"""The objects of a golden topic, without a cluster: what was applied, patched, scaled and deleted so far."""

from __future__ import annotations

from typing import Any

from k8slab.kube.patch.merge_patch import merge_patch
from k8slab.routing.building import Surroundings, build_model
from k8slab.routing.classes import CONTROLLER, classes_of
from k8slab.routing.configuration import Configuration, parse_configuration
from k8slab.routing.endpoints import Endpoints
from k8slab.routing.model import Backend, Model

PLURALS = {"svc": "Service", "ing": "Ingress", "secret": "Secret", "deployment": "Deployment"}


def in_namespace(value: Any, namespace: str) -> Any:
    """Return the value with the namespace's name in every text."""
    if isinstance(value, str):
        return value.replace("NAMESPACE", namespace)
    if isinstance(value, dict):
        return {in_namespace(key, namespace): in_namespace(entry, namespace) for key, entry in value.items()}
    return [in_namespace(entry, namespace) for entry in value] if isinstance(value, list) else value


class World:
    """Applies the steps of a topic; says which routes and endpoints there are then."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.replicas: dict[str, int] = {}
        self.data: dict[str, str] = {}
        self.count = 0
        self.put({"kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {"controller": CONTROLLER}})

    def put(self, obj: dict[str, Any]) -> None:
        key = (obj["kind"], obj["metadata"]["name"])
        self.count += 1
        before = self.objects.get(key)
        made = before["metadata"]["creationTimestamp"] if before else f"2026-01-01T00:00:{self.count:05}"
        meta = {"namespace": self.namespace, "uid": f"u{self.count}", "creationTimestamp": made} | obj["metadata"]
        self.objects[key] = {**obj, "metadata": meta}

    def service(self, name: str, app: str, port: int = 80, target: int = 80) -> None:
        ports = [{"name": "http", "port": port, "targetPort": target}]
        spec = {"selector": {"app": app}, "ports": ports, "clusterIP": "10.96.0.9"}
        self.put({"kind": "Service", "metadata": {"name": name}, "spec": spec})

    def apply(self, key: str, value: Any) -> None:
        getattr(self, f"_{key}", lambda _value: None)(in_namespace(value, self.namespace))

    def _apps(self, apps: list[Any]) -> None:
        for entry in ({"name": app} if isinstance(app, str) else app for app in apps):
            self.replicas[entry["name"]] = entry.get("replicas", 1)
            self.service(entry["name"], entry["name"], entry.get("port", 80), entry.get("targetPort", 80))

    def _objects(self, objects: list[dict[str, Any]]) -> None:
        for entry in objects:
            for name in entry.get("services", []):
                self.service(name, entry["of"])
            if "certificate" in entry:
                self.put({"kind": "Secret", "metadata": {"name": entry["certificate"]}, "hosts": entry["hosts"]})
            elif "kind" in entry:
                self.put(entry)

    def _refused(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["answer"]["rc"] == 0 and "dry-run" not in entry["ask"].get("verb", ""):
                self.put(entry["ask"]["object"])

    def _scale(self, sizes: dict[str, int]) -> None:
        self.replicas |= sizes

    def _delete(self, names: list[str]) -> None:
        for name in names:
            plural, _, what = name.partition("/")
            self.objects.pop((PLURALS[plural], what), None)

    def _patch(self, patches: list[dict[str, Any]]) -> None:
        for entry in patches:
            plural, _, what = entry["ref"].partition("/")
            key = (PLURALS[plural], what)
            if key in self.objects:
                self.objects[key] = merge_patch(self.objects[key], entry["with"])

    def _configmap(self, data: dict[str, Any]) -> None:
        self.data = {name: value for name, value in (self.data | data).items() if value is not None}

    def configuration(self) -> Configuration:
        return parse_configuration(self.data)

    def model(self) -> Model:
        kinds = {kind: [obj for (have, _), obj in self.objects.items() if have == kind]
                 for kind in ("Ingress", "IngressClass")}  # fmt: skip
        classes = classes_of(kinds["IngressClass"], CONTROLLER, "nginx", without_class=True)
        return build_model(kinds["Ingress"], classes, Surroundings(service=self.find_service))

    def find_service(self, path: str) -> dict[str, Any] | None:
        return self.objects.get(("Service", path.partition("/")[2]))

    def app_of(self, backend: Backend) -> str:
        """Return the Deployment behind a Service; an empty text when there is no such port or no pod."""
        service = self.objects.get(("Service", backend.service))
        spec = (service or {}).get("spec") or {}
        if spec.get("type") == "ExternalName":
            host = str(spec["externalName"]).partition(".")[0]
            return host if ("Service", host) in self.objects else ""
        words = [str(value) for port in spec.get("ports") or [] for value in (port.get("port"), port.get("name"),
                                                                              port.get("targetPort"))]  # fmt: skip
        app = (spec.get("selector") or {}).get("app", "")
        return app if str(backend.port) in words and self.replicas.get(app, 0) else ""

    def endpoints(self, backend: Backend) -> Endpoints:
        app = self.app_of(backend)
        return [(f"10.244.0.{number + 9}", 80) for number in range(self.replicas.get(app, 0))]
