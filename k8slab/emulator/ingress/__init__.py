"""The ingress-nginx controller: Ingresses become routes, routes a configuration of the real nginx."""
