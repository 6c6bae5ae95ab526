"""The kind configuration that the lessons need: pure (kind: pkg/apis/config/v1alpha4/types.go)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8slab.errors import ClusterError

# What a request from this machine may want: the door of an ingress controller with host ports, the NodePorts of the
# lessons' own ingress manifest, and NodePorts to choose from.
HTTP, HTTPS = 80, 443
ENTRY_NODE_PORTS = (30880, 30443)
FREE_NODE_PORTS = range(30080, 30100)
MAPPED_PORTS = (HTTP, HTTPS, *ENTRY_NODE_PORTS, *FREE_NODE_PORTS)
# Kubernetes 1.34, which ingress-nginx v1.15.1 is tested with; kind v0.30.0 was released with this very image.
NODE_IMAGE = "kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a"
MOST_NODES = 5
_CERTS = "/etc/containerd/certs.d"
# Only containerd before 2.0 (node images of kind before v0.27) must be told where the mirrors are listed.
_OLD_CONTAINERD = f'[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "{_CERTS}"\n'
_DOCKER_HUB = "docker.io"
# They become a folder's name and a line of a TOML file.
_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?")
_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.:\[\]-]*(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Images of ``registry`` are pulled from ``url`` first."""

    registry: str
    url: str

    def hosts_toml(self) -> str:
        """Return containerd's file for the registry (containerd: docs/hosts.md)."""
        server = "https://registry-1.docker.io" if self.registry == _DOCKER_HUB else f"https://{self.registry}"
        return f'server = "{server}"\n\n[host."{self.url}"]\n  capabilities = ["pull", "resolve"]\n'


def parse_mirror(text: str) -> Mirror:
    """Read ``URL`` (for Docker Hub) or ``REGISTRY=URL``; raises ``ClusterError``."""
    registry, sign, url = text.partition("=")
    registry, url = (registry, url) if sign else (_DOCKER_HUB, text)
    if not _REGISTRY.fullmatch(registry) or not _URL.fullmatch(url):
        raise ClusterError(
            f"{text!r} is not a registry mirror.",
            "Give a URL (for images of Docker Hub) or REGISTRY=URL: --registry-mirror registry.k8s.io=https://mirror.example",
        )
    return Mirror(registry, url.rstrip("/"))


def cluster_config(
    host_ports: Mapping[int, int], nodes: int = 1, mirrors_folder: str = "", old_containerd: bool = False
) -> dict[str, Any]:
    """Return the configuration: the first node carries the mapped ports and the label ``ingress-ready``."""
    if not 1 <= nodes <= MOST_NODES:
        raise ClusterError(f"A lab has 1 to {MOST_NODES} nodes, not {nodes}.", "For example: --nodes 3")
    first = {"role": "control-plane", "labels": {"ingress-ready": "true"}, "extraPortMappings": _mappings(host_ports)}
    listed: Sequence[dict[str, Any]] = [first, *({"role": "worker"} for _ in range(nodes - 1))]
    made: dict[str, Any] = {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": list(listed)}
    if mirrors_folder:
        for node in listed:
            node["extraMounts"] = [{"hostPath": mirrors_folder, "containerPath": _CERTS, "readOnly": True}]
        if old_containerd:
            made["containerdConfigPatches"] = [_OLD_CONTAINERD]
    return made


def _mappings(host_ports: Mapping[int, int]) -> list[dict[str, Any]]:
    # 127.0.0.1: a lab is nobody else's business.
    return [
        {"containerPort": port, "hostPort": host, "listenAddress": "127.0.0.1", "protocol": "TCP"}
        for port, host in sorted(host_ports.items())
    ]
