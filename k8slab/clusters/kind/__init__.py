"""kind: a real Kubernetes in containers of this machine."""

from k8slab.clusters.kind.provider import KindProvider

__all__ = ["KindProvider"]
