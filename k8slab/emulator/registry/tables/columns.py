"""Column definitions: name, type, format, priority (k8s.io/kubernetes/pkg/printers/internalversion)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k8slab.kube.objects import Obj


@dataclass(frozen=True, slots=True)
class Column:
    """One column; priority 1 columns are shown with ``-o wide``."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Obj:
        """Return the ``TableColumnDefinition``."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = Column("Name", format="name")
AGE = Column("Age")


def _wide(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, priority=1) for name in names)


_WORKLOAD = _wide("Containers", "Images", "Selector")
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "pods": (
        NAME, Column("Ready"), Column("Status"), Column("Restarts"), AGE,
        *_wide("IP", "Node", "Nominated Node", "Readiness Gates"),
    ),
    "services": (
        NAME, Column("Type"), Column("Cluster-IP"), Column("External-IP"), Column("Port(s)"), AGE, *_wide("Selector"),
    ),
    "deployments.apps": (
        NAME, Column("Ready"), Column("Up-to-date", "integer"), Column("Available", "integer"), AGE, *_WORKLOAD,
    ),
    "replicasets.apps": (
        NAME, Column("Desired", "integer"), Column("Current", "integer"), Column("Ready", "integer"), AGE, *_WORKLOAD,
    ),
    "namespaces": (NAME, Column("Status"), AGE),
    "nodes": (
        NAME, Column("Status"), Column("Roles"), AGE, Column("Version"),
        *_wide("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
    ),
    "endpoints": (NAME, Column("Endpoints"), AGE),
    "endpointslices.discovery.k8s.io": (NAME, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE),
    "configmaps": (NAME, Column("Data", "integer"), AGE),
    "secrets": (NAME, Column("Type"), Column("Data", "integer"), AGE),
    "serviceaccounts": (NAME, Column("Secrets", "string"), AGE),
    "events": (
        Column("Last Seen"), Column("Type"), Column("Reason"), Column("Object"),
        *_wide("Subobject", "Source"), Column("Message"), *_wide("First Seen", "Count"), Column("Name", priority=1),
    ),
    "ingresses.networking.k8s.io": (
        NAME, Column("Class"), Column("Hosts"), Column("Address"), Column("Ports"), AGE,
    ),
}  # fmt: skip
PLAIN = (NAME, Column("Created At", "date"))
