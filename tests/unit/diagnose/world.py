"""A working lab as a picture: one Deployment, Service and Ingress ``web`` behind a ready controller; tests break it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from k8slab.diagnose import Diagnosis, Evidence, diagnose, parse_request
from k8slab.kube import resources as r
from k8slab.kube.resources import Resource
from k8slab.snapshot import Snapshot

Obj = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PREFIX = "nginx.ingress.kubernetes.io/"


def meta(name: str, namespace: str = "default", **more: Any) -> Obj:
    return {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", **more}


def pod(name: str, namespace: str = "default", app: str = "web", **spec: Any) -> Obj:
    container = {"name": app, "image": "nginx", "ports": [{"name": "http", "containerPort": 80}]}
    status = {
        "phase": "Running", "podIP": "10.244.0.5", "conditions": [{"type": "Ready", "status": "True"},
                                                                {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": app, "ready": True, "restartCount": 0, "state": {"running": {}}, "image": "nginx"}],
    }  # fmt: skip
    made = {"metadata": meta(name, namespace, labels={"app": app}), "status": status}
    return made | {"spec": {"nodeName": "node", "containers": [container]} | spec}


def controller() -> Obj:
    made = pod("controller", "ingress-nginx", "controller")
    made["spec"]["containers"] = [{
        "name": "controller", "image": "registry.k8s.io/ingress-nginx/controller:v1.15.1",
        "args": ["/nginx-ingress-controller", "--controller-class=k8s.io/ingress-nginx", "--ingress-class=nginx",
                 "--configmap=$(POD_NAMESPACE)/conf"],
        "ports": [{"name": "http", "containerPort": 80, "hostPort": 80}, {"name": "https", "containerPort": 443, "hostPort": 443}],
    }]  # fmt: skip
    made["status"]["podIP"] = "10.244.0.2"
    return made


def endpoint_slice(service: str, name: str = "web-1", namespace: str = "default") -> Obj:
    made = meta(f"{service}-s", namespace, labels={"kubernetes.io/service-name": service})
    target = {"addresses": ["10.244.0.5"], "conditions": {"ready": True}, "targetRef": {"name": name}}
    return {"metadata": made, "ports": [{"name": "http", "port": 80}], "endpoints": [target]}


def ingress(
    name: str = "web", path: str = "/", kind: str = "Prefix", host: str = "web.example.test", **more: Any
) -> Obj:
    backend = {"service": {"name": "web", "port": {"number": 8000}}}
    rule = {"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}
    annotations = {PREFIX + key.replace("_", "-"): text for key, text in more.items()}
    created = {"creationTimestamp": "2026-01-01T00:00:00Z", "annotations": annotations}
    return {"metadata": meta(name, **created), "spec": {"ingressClassName": "nginx", "rules": [rule]}}


def service(**spec: Any) -> Obj:
    ports = [{"name": "http", "port": 8000, "targetPort": 80}]
    base = {"type": "ClusterIP", "clusterIP": "10.96.1.1", "selector": {"app": "web"}, "ports": ports}
    return {"metadata": meta("web"), "spec": base | spec}


def deployment(**spec: Any) -> Obj:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    base = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"metadata": meta("web"), "spec": base | spec, "status": {"readyReplicas": 1, "updatedReplicas": 1}}


def world() -> dict[Resource, list[Obj]]:
    """Return the objects of the working lab, to be changed by a test."""
    replica_set = {
        "metadata": meta("web-rs", ownerReferences=[{"controller": True, "kind": "Deployment", "name": "web", "uid": "uid-default-web"}]),
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}},
    }  # fmt: skip
    web = pod("web-1")
    web["metadata"]["ownerReferences"] = [
        {"controller": True, "kind": "ReplicaSet", "name": "web-rs", "uid": "uid-default-web-rs"}
    ]
    spaces = ("default", "ingress-nginx", "other", "kube-system")
    return copy.deepcopy({
        r.DEPLOYMENTS: [deployment()], r.REPLICA_SETS: [replica_set], r.PODS: [web, controller()], r.SERVICES: [service()],
        r.ENDPOINT_SLICES: [endpoint_slice("web")], r.EVENTS: [], r.INGRESSES: [ingress()], r.CONFIG_MAPS: [],
        r.INGRESS_CLASSES: [{"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}],
        r.NODES: [{"metadata": {"name": "node"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}],
        r.NAMESPACES: [{"metadata": {"name": name}} for name in spaces], r.SECRETS: [], r.NETWORK_POLICIES: [],
        r.VALIDATING_WEBHOOKS: [], r.STATEFUL_SETS: [], r.DAEMON_SETS: [], r.CLAIMS: [],
    })  # fmt: skip


Change = Callable[[dict[Resource, list[Obj]]], None]


def diagnosed(
    change: Change, url: str, seen: str = "", sent: Mapping[str, Any] | None = None, **evidence: Any
) -> Diagnosis:
    """Return the diagnosis of a request to the changed lab; ``seen`` is the symptom of its answer."""
    objects = world()
    change(objects)
    snapshot = Snapshot.build("default", NOW, objects)
    outside = ".example." in url or "localhost" in url or url.startswith("http://10.")
    more = {"origin": "outside" if outside else "inside"} | dict(sent or {})
    return diagnose(snapshot, parse_request(url, **more), Evidence(seen, **evidence))


def event(obj: Obj, reason: str, message: str, kind: str = "Warning") -> Obj:
    namespace = obj["metadata"]["namespace"]
    about = {"uid": obj["metadata"]["uid"], "name": obj["metadata"]["name"]}
    made = meta(f"e-{reason}-{len(message)}", namespace)
    return {"metadata": made, "involvedObject": about, "reason": reason, "message": message, "type": kind,
            "lastTimestamp": "2026-01-01T00:00:00Z"}  # fmt: skip
