"""What is taken out of objects before anything else sees them: the values of Secrets (certificates are public)."""

from __future__ import annotations

from k8slab.kube.objects import Obj

_PUBLIC = frozenset({"tls.crt", "ca.crt"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def redacted(obj: Obj) -> Obj:
    """Return a Secret with its keys but without its values; any other object as it is."""
    if obj.get("kind") != "Secret":
        return obj
    data = {key: value if key in _PUBLIC else "" for key, value in (obj.get("data") or {}).items()}
    meta = dict(obj.get("metadata") or {})
    meta["annotations"] = {key: value for key, value in (meta.get("annotations") or {}).items() if key != _LAST_APPLIED}
    return {**obj, "metadata": meta, "data": data}
