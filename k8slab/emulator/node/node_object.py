"""The Node object: what this machine offers and what its state is."""

from __future__ import annotations

import os
import platform

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import Api
from k8slab.kube.objects import Obj
from k8slab.kube.resources import NODES
from k8slab.kube.status import ApiError

NODE_NAME = "k8slab"
ADDRESS = "172.18.0.2"
_ALREADY_EXISTS = 409
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_HEALTHY = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def capacity() -> dict[str, str]:
    """Return what this machine offers to pods."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024
    return {"cpu": str(os.cpu_count() or 1), "memory": f"{memory}Ki", "pods": "110", "ephemeral-storage": "10Gi"}


def node_object() -> Obj:
    """Return the node as it registers itself."""
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    labels = {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": "linux",
        "node-role.kubernetes.io/control-plane": "",
    }
    spec = {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"], "providerID": f"k8slab://{NODE_NAME}"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE_NAME, "labels": labels}, "spec": spec}


def node_status(clock: Clock) -> Obj:
    """Return the node's status."""
    now = timestamp(clock.now())
    conditions = [
        {
            "type": name,
            "status": status,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": text,
        }
        for name, (status, reason, text) in _HEALTHY.items()
    ]
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    info = {
        "architecture": architecture, "bootID": "", "containerRuntimeVersion": "k8slab://0.1.0",
        "kernelVersion": platform.release(), "kubeProxyVersion": "", "kubeletVersion": "v1.34.4", "machineID": "",
        "operatingSystem": "linux", "osImage": f"k8slab on {platform.system()}", "systemUUID": "",
    }  # fmt: skip
    return {
        "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": NODE_NAME}],
        "capacity": capacity(),
        "allocatable": capacity(),
        "conditions": conditions,
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": info,
    }


async def register_node(api: Api, clock: Clock) -> None:
    """Create the node when it is not there, and say that it is ready."""
    try:
        await api.create(NODES, node_object())
    except ApiError as error:
        if error.code != _ALREADY_EXISTS:
            raise
    await api.patch(NODES, "", NODE_NAME, {"status": node_status(clock)}, subresource="status")
