"""The Gateway API's resources, as clients know them before they asked the cluster (its definitions make them there)."""

from __future__ import annotations

from k8slab.kube.resources import Resource

GROUP = "gateway.networking.k8s.io"
GATEWAY_CLASSES = Resource(GROUP, "v1", "GatewayClass", "gatewayclasses", "gatewayclass", namespaced=False)
GATEWAYS = Resource(GROUP, "v1", "Gateway", "gateways", "gateway", subresources=("status",))
HTTP_ROUTES = Resource(GROUP, "v1", "HTTPRoute", "httproutes", "httproute", subresources=("status",))
REFERENCE_GRANTS = Resource(GROUP, "v1", "ReferenceGrant", "referencegrants", "referencegrant")
GATEWAY_KINDS = {row.kind: row for row in (GATEWAY_CLASSES, GATEWAYS, HTTP_ROUTES, REFERENCE_GRANTS)}
# Services that an implementation makes for a Gateway carry its name (GEP-1762).
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
