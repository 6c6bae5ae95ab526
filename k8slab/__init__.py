"""k8slab: a Kubernetes lab inside Jupyter."""

from importlib import metadata

__version__ = metadata.version("k8slab")
