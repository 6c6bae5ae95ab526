"""The pod from which requests start "inside": the same on every kind of cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

from k8slab.errors import ClusterError
from k8slab.kube.objects import Obj

NAMESPACE = "k8slab-system"
_WAIT_SECONDS = 60


class KubectlRunner(Protocol):
    """kubectl bound to one cluster."""

    def run(self, arguments: list[str], timeout_seconds: float = 30.0, stdin: str = "") -> str:
        """Run to the end and return standard output; raises ``ClusterError``."""
        ...


def pod_name(namespace: str) -> str:
    """Return the name of the pod whose short names are those of a namespace."""
    return f"probe-{namespace}"[:63].rstrip("-")


def manifests(namespace: str) -> list[Obj]:
    """Return the namespace and the pod; its search domains make ``my-dep`` mean the learner's Service."""
    searches = [f"{namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    container = {
        "name": "curl",
        "image": "curlimages/curl",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
    }
    spec: Obj = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["10.96.0.10"], "searches": searches, "options": [{"name": "ndots", "value": "5"}],
        },
    }  # fmt: skip
    labels = {"app.kubernetes.io/managed-by": "k8slab"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}},
        {
            "apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {"name": pod_name(namespace), "namespace": NAMESPACE, "labels": labels},
        },
    ]  # fmt: skip


def ensure_probe_pod(kubectl: KubectlRunner, namespace: str, tell: Callable[[str], None]) -> None:
    """Make the pod and wait until it is ready; raises ``ClusterError``."""
    ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    try:
        if kubectl.run(["get", "pod", pod_name(namespace), "-n", NAMESPACE, "-o", ready]) == "True":
            return
    except ClusterError:
        tell(f"starting a pod to send requests from (waiting at most {_WAIT_SECONDS} s)")
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests(namespace)})
    kubectl.run(["apply", "-f", "-"], stdin=text)
    wait = ["wait", "pod", pod_name(namespace), "-n", NAMESPACE, "--for=condition=Ready", f"--timeout={_WAIT_SECONDS}s"]
    kubectl.run(wait, _WAIT_SECONDS + 5.0)
