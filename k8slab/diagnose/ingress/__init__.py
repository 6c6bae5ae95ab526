"""The hops of a request through ingress-nginx: controller, host, path, rewrite, access, backend."""

from k8slab.diagnose.ingress.hops import ingress_hops

__all__ = ["ingress_hops"]
