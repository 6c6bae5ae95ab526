"""Server-side apply: who manages which fields, and how an applied configuration is merged. Pure.

Sources: sigs.k8s.io/structured-merge-diff v6 and k8s.io/apimachinery/pkg/util/managedfields.
"""

from k8slab.kube.apply.applying import apply
from k8slab.kube.apply.conflicts import ConflictError
from k8slab.kube.apply.shapes import Shapes
from k8slab.kube.apply.typing import TypedError
from k8slab.kube.apply.updating import Writer, same_but_times, track

__all__ = ["ConflictError", "Shapes", "TypedError", "Writer", "apply", "same_but_times", "track"]
