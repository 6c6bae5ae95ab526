"""Which fields each kind can be selected by (pkg/apis/core/v1/conversion.go, ToSelectableFields of each strategy)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj, dig, labels_of
from k8slab.kube.resources import Resource
from k8slab.kube.selectors import (
    FieldSelector,
    LabelSelector,
    SelectorError,
    parse_field_selector,
    parse_label_selector,
)
from k8slab.kube.status import bad_request

Reader = Callable[[Obj], str]


def _at(*path: str) -> Reader:
    return lambda obj: str(dig(obj, *path, default=""))


def _flag(*path: str) -> Reader:
    return lambda obj: "true" if dig(obj, *path, default=False) else "false"


def _paths(*dotted: str) -> dict[str, Reader]:
    return {path: _at(*path.split(".")) for path in dotted}


_METADATA = _paths("metadata.name", "metadata.namespace")

_FIELDS: Mapping[str, Mapping[str, Reader]] = {
    "pods": {
        **_paths(
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
            "status.phase", "status.podIP", "status.nominatedNodeName",
        ),
        "spec.hostNetwork": _flag("spec", "hostNetwork"),
    },
    "nodes": {"spec.unschedulable": _flag("spec", "unschedulable")},
    "namespaces": {"status.phase": _at("status", "phase"), "name": _at("metadata", "name")},
    "secrets": _paths("type"),
    "services": _paths("spec.clusterIP", "spec.type"),
    "events": {
        **_paths(
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
            "reason", "type", "reportingComponent",
        ),
        "source": lambda obj: str(dig(obj, "source", "component", default="") or obj.get("reportingComponent", "")),
    },
    "jobs.batch": {"status.successful": lambda obj: str(dig(obj, "status", "succeeded", default=0))},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list or watch asks for, read once."""

    labels: LabelSelector
    fields: FieldSelector
    readers: Mapping[str, Reader]

    @property
    def everything(self) -> bool:
        """Tell whether nothing is filtered, so that no object need be decoded."""
        return self.labels.selects_everything and not self.readers

    def matches(self, entry: Entry) -> bool:
        """Tell whether the object meets both selectors."""
        if self.everything:
            return True
        obj = entry.decode()
        return self.labels.matches(labels_of(obj)) and self.fields.matches(
            {path: reader(obj) for path, reader in self.readers.items()}
        )


def selection(resource: Resource, label_selector: str, field_selector: str) -> Selection:
    """Read the selectors of a request; raises ``ApiError`` (400) in Kubernetes' words."""
    try:
        labels = parse_label_selector(label_selector)
        fields = parse_field_selector(field_selector)
    except SelectorError as error:
        raise bad_request(str(error)) from error
    known = {**_METADATA, **_FIELDS.get(resource.qualified_name, {})}
    wanted = {path: _known(known, resource, path) for path, _, _ in fields.requirements}
    return Selection(labels, fields, wanted)


# Kinds with a conversion function of their own word the refusal differently from all others.
_OWN_WORDS = frozenset({"pods", "nodes", "namespaces", "secrets", "services", "events"})


def _known(known: Mapping[str, Reader], resource: Resource, path: str) -> Reader:
    reader = known.get(path)
    if reader is not None:
        return reader
    if resource.qualified_name in _OWN_WORDS or resource.custom is not None:
        raise bad_request(f"field label not supported: {path}")
    raise bad_request(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')
