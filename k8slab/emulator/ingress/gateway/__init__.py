"""The controller of the Gateway API: the ingress controller's data plane, led by Gateways and HTTPRoutes."""
