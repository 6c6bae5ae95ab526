"""The patch formats of the API: JSON patch, merge patch, strategic merge patch. Pure; new documents are returned."""

from k8slab.kube.patch.errors import PatchError
from k8slab.kube.patch.json_patch import json_patch
from k8slab.kube.patch.merge_patch import merge_patch
from k8slab.kube.patch.strategic import strategic_merge_patch

__all__ = ["PatchError", "json_patch", "merge_patch", "strategic_merge_patch"]
