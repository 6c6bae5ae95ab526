"""The picture itself. Whoever reads a cluster builds one; everyone else only looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from k8slab.kube.objects import Obj, ObjectKey, key_of, labels_of
from k8slab.kube.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    INGRESS_CLASSES,
    INGRESSES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    Resource,
)
from k8slab.kube.selectors import LabelSelector

# What a reader puts into a picture as far as it may. Secrets are left out: no view needs their values.
PICTURED: tuple[Resource, ...] = (
    DEPLOYMENTS, REPLICA_SETS, PODS, SERVICES, ENDPOINT_SLICES, EVENTS, INGRESSES, INGRESS_CLASSES, CONFIG_MAPS, NODES,
    NAMESPACES,
)  # fmt: skip

_NOTHING: Mapping[ObjectKey, Obj] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Gap:
    """Objects that the reader was not allowed to see (or could not read): unknown, which is not the same as none.

    ``namespace`` is empty where the whole cluster is meant; ``reason`` is the API server's message.
    """

    resource: Resource
    namespace: str
    reason: str

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.resource.plural}{where}: not visible to you ({self.reason})"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The objects that could be seen at ``taken_at``, by resource, namespace and name.

    ``namespace`` is the one that the learner works in; lookups mean it unless told otherwise. Objects of other
    namespaces are there when the reader sees them ("it exists, but over there"). Objects must not be changed.
    """

    namespace: str
    taken_at: datetime
    objects: Mapping[str, Mapping[ObjectKey, Obj]]
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def build(
        cls,
        namespace: str,
        taken_at: datetime,
        objects: Mapping[Resource, Iterable[Obj]],
        gaps: Iterable[Gap] = (),
    ) -> Snapshot:
        """Sort objects, as lists or watches gave them, into a picture."""
        sorted_in = {
            resource.qualified_name: MappingProxyType({key_of(obj): obj for obj in found})
            for resource, found in objects.items()
        }
        return cls(namespace, taken_at, MappingProxyType(sorted_in), tuple(gaps))

    def joined(self, other: Snapshot) -> Snapshot:
        """Return a picture that also holds the resources of another one."""
        objects = MappingProxyType({**self.objects, **other.objects})
        return Snapshot(self.namespace, self.taken_at, objects, (*self.gaps, *other.gaps))

    def get(self, resource: Resource, name: str, namespace: str | None = None) -> Obj | None:
        """Return one object, or None when it is not in the picture (see ``gap``)."""
        where = (self.namespace if namespace is None else namespace) if resource.namespaced else ""
        return self._kept(resource).get(ObjectKey(where, name))

    def list(
        self, resource: Resource, namespace: str | None = None, selector: LabelSelector | None = None
    ) -> tuple[Obj, ...]:
        """Return the objects of one namespace (all of a cluster-scoped resource) that the selector matches, by name."""
        where = (self.namespace if namespace is None else namespace) if resource.namespaced else ""
        kept = self._kept(resource)
        return tuple(
            kept[key]
            for key in sorted(kept)
            if key.namespace == where and (selector is None or selector.matches(labels_of(kept[key])))
        )

    def everywhere(self, resource: Resource) -> tuple[Obj, ...]:
        """Return the objects of all namespaces that the reader saw, by namespace and name."""
        kept = self._kept(resource)
        return tuple(kept[key] for key in sorted(kept))

    def gap(self, resource: Resource, namespace: str | None = None) -> Gap | None:
        """Return why objects of that resource may be missing from the picture, or None when they are all there."""
        where = self.namespace if namespace is None else namespace
        return next((gap for gap in self.gaps if gap.resource == resource and gap.namespace in ("", where)), None)

    def _kept(self, resource: Resource) -> Mapping[ObjectKey, Obj]:
        return self.objects.get(resource.qualified_name, _NOTHING)
