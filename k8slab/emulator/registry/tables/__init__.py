"""What ``kubectl get`` prints: the columns and cells of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from k8slab.emulator.registry.tables.cells import cells_of
from k8slab.emulator.registry.tables.cluster_cells import CLUSTER_COLUMNS
from k8slab.emulator.registry.tables.columns import COLUMNS, PLAIN
from k8slab.emulator.registry.tables.custom_cells import columns_of, custom_cells
from k8slab.emulator.registry.tables.policy_cells import POLICY_COLUMNS
from k8slab.emulator.registry.tables.storage_cells import STORAGE_COLUMNS
from k8slab.emulator.registry.tables.workload_cells import WORKLOAD_COLUMNS
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource

IncludeObject = Literal["None", "Metadata", "Object"]

__all__ = ["IncludeObject", "table"]

_COLUMNS = {**COLUMNS, **POLICY_COLUMNS, **WORKLOAD_COLUMNS, **STORAGE_COLUMNS, **CLUSTER_COLUMNS}


def table(
    resource: Resource,
    objects: Sequence[Obj],
    include_object: IncludeObject,
    now: datetime,
    *,
    headers: bool = True,
) -> Obj:
    """Return a ``meta.k8s.io/v1`` Table of the objects; the caller adds the list's metadata."""
    columns = columns_of(resource.custom) if resource.custom else _COLUMNS.get(resource.qualified_name, PLAIN)
    made: Obj = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}}
    made["columnDefinitions"] = [column.definition() for column in columns] if headers else None
    made["rows"] = [_row(resource, obj, include_object, now) for obj in objects]
    return made


def _row(resource: Resource, obj: Obj, include_object: IncludeObject, now: datetime) -> Obj:
    custom = resource.custom
    row: Obj = {"cells": custom_cells(custom, obj, now) if custom else cells_of(resource, obj, now)}
    if include_object == "Object":
        row["object"] = obj
    elif include_object == "Metadata":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return row
