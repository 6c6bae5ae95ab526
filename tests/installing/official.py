"""The shapes of the manifests that ingress-nginx publishes, made from our own one by what is known of them.

Facts: ingress-nginx ``deploy/static/provider/{kind,baremetal,cloud}/deploy.yaml`` at controller-v1.15.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Obj = dict[str, Any]
OURS = Path(__file__).parents[2] / "lessons" / "04-ingress-nginx" / "manifests"
CONTROLLER = (
    "registry.k8s.io/ingress-nginx/controller:v1.15.1"
    "@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
)
CERTGEN = (
    "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9"
    "@sha256:01038e7de14b78d702d2849c3aad72fd25903c4765af63cf16aa3398f5d5f2dd"
)
_ARGS = [
    "/nginx-ingress-controller", "--election-id=ingress-nginx-leader", "--controller-class=k8s.io/ingress-nginx",
    "--ingress-class=nginx", "--configmap=$(POD_NAMESPACE)/ingress-nginx-controller", "--validating-webhook=:8443",
    "--validating-webhook-certificate=/usr/local/certificates/cert",
    "--validating-webhook-key=/usr/local/certificates/key",
]  # fmt: skip
_MORE_ARGS = {
    "kind": ["--watch-ingress-without-class=true", "--publish-status-address=localhost"],
    "baremetal": [],
    "cloud": ["--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller"],
}
_SERVICES: dict[str, Obj] = {
    "kind": {"type": "LoadBalancer"},
    "baremetal": {"type": "NodePort"},
    "cloud": {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
}
_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
    "readOnlyRootFilesystem": False, "runAsGroup": 82, "runAsNonRoot": True, "runAsUser": 101,
    "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip


def official(provider: str) -> list[Obj]:
    """Return the 19 objects of a provider's manifest."""
    made = []
    for obj in yaml.safe_load_all((OURS / "ingress-nginx.yaml").read_text()):
        obj["metadata"].setdefault("labels", {})["app.kubernetes.io/version"] = "1.15.1"
        _CHANGES.get(obj["kind"], lambda _obj, _provider: None)(obj, provider)
        made.append(obj)
    return made


def _config(obj: Obj, _provider: str) -> None:
    obj["data"] = None


def _service(obj: Obj, provider: str) -> None:
    if not obj["metadata"]["name"].endswith("admission"):
        ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in obj["spec"]["ports"]]
        single = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
        obj["spec"] = {**obj["spec"], **single, **_SERVICES[provider], "ports": ports}


def _deployment(obj: Obj, provider: str) -> None:
    obj["spec"]["minReadySeconds"] = 0
    obj["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 1}, "type": "RollingUpdate"}
    spec = obj["spec"]["template"]["spec"]
    container = spec["containers"][0]
    container |= {"image": CONTROLLER, "args": _ARGS + _MORE_ARGS[provider], "securityContext": _SECURITY}
    container["lifecycle"] = {"preStop": {"exec": {"command": ["/wait-shutdown"]}}}
    for probe in ("livenessProbe", "readinessProbe"):
        # The published manifest waits 10 s; the test need not.
        container[probe] = {**container[probe], "initialDelaySeconds": 1, "periodSeconds": 1}
    for port in container["ports"]:
        port.pop("hostPort", None)
        if provider == "kind" and port["name"] in ("http", "https"):
            port["hostPort"] = port["containerPort"]
    spec["dnsPolicy"], spec["terminationGracePeriodSeconds"] = "ClusterFirst", 0 if provider == "kind" else 300


def _job(obj: Obj, _provider: str) -> None:
    obj["spec"]["ttlSecondsAfterFinished"] = 0
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = CERTGEN


_CHANGES = {"ConfigMap": _config, "Service": _service, "Deployment": _deployment, "Job": _job}
