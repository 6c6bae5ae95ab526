"""One immutable picture of a cluster's objects: what checks, diagnoses and diagrams read."""

from k8slab.snapshot.picture import PICTURED, Gap, Snapshot

__all__ = ["PICTURED", "Gap", "Snapshot"]
