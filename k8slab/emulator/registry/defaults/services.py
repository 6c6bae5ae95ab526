"""Defaults of Services (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go; addresses come from the allocators)."""

from __future__ import annotations

from k8slab.kube.objects import Obj

AFFINITY_SECONDS = 10800
_REACHED_FROM_OUTSIDE = ("NodePort", "LoadBalancer")


def default_service(obj: Obj) -> None:
    """Fill in a Service."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("type", "ClusterIP")
    kind = spec["type"]
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", AFFINITY_SECONDS)
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    if kind in _REACHED_FROM_OUTSIDE or (kind == "ClusterIP" and spec.get("externalIPs")):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def default_endpoints(obj: Obj) -> None:
    """Fill in Endpoints."""
    for subset in obj.get("subsets") or []:
        for port in subset.get("ports") or []:
            port.setdefault("protocol", "TCP")


def default_endpoint_slice(obj: Obj) -> None:
    """Fill in an EndpointSlice."""
    for endpoint in obj.get("endpoints") or []:
        endpoint.setdefault("conditions", {})
    for port in obj.get("ports") or []:
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")
