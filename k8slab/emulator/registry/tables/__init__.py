"""What ``kubectl get`` prints: the columns and cells of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource

IncludeObject = Literal["None", "Metadata", "Object"]

__all__ = ["IncludeObject", "table"]


def table(
    resource: Resource,
    objects: Sequence[Obj],
    include_object: IncludeObject,
    now: datetime,
    *,
    headers: bool = True,
) -> Obj:
    """Return a ``meta.k8s.io/v1`` Table of the objects; the caller adds the list's metadata."""
    raise NotImplementedError
