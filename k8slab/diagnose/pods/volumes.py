"""Containers that wait for files: a volume whose ConfigMap, Secret or claim is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace, near
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import CLAIMS, CONFIG_MAPS, SECRETS, Resource
from k8slab.snapshot import Snapshot

_SOURCES: tuple[tuple[str, str, Resource], ...] = (
    ("configMap", "name", CONFIG_MAPS),
    ("secret", "secretName", SECRETS),
    ("persistentVolumeClaim", "claimName", CLAIMS),
)


def volume_findings(snapshot: Snapshot, pod: Obj, _evidence: Evidence) -> Iterator[Finding]:
    """Yield the volumes that cannot be set up, as the objects and the kubelet's FailedMount tell."""
    if not dig(pod, "spec", "nodeName") or dig(pod, "status", "phase") not in (None, "Pending"):
        return
    found = list(_missing_sources(snapshot, pod))
    yield from found
    message = last_event(snapshot, pod, ("FailedMount", "FailedAttachVolume"))
    if message and not found:
        key = re.search(r"references non-existent (?:config|secret) key: (\S+)", message)
        cause = "volume-key-missing" if key else "volume-mount-failed"
        yield Finding(
            cause,
            f"A volume of pod {name_of(pod)} cannot be mounted, so its containers do not start: {message}",
            in_namespace(f"kubectl describe pod {name_of(pod)}", namespace_of(pod)),
            (f"FailedMount: {message}",),
            UNREACHED,
        )


def _missing_sources(snapshot: Snapshot, pod: Obj) -> Iterator[Finding]:
    where = namespace_of(pod)
    for volume in dig(pod, "spec", "volumes", default=[]):
        for field, key, resource in _SOURCES:
            source = volume.get(field) or {}
            name = str(source.get(key, ""))
            hidden = snapshot.gap(resource, where) is not None or resource.qualified_name not in snapshot.objects
            if not name or source.get("optional") or hidden or snapshot.get(resource, name, where) is not None:
                continue
            like = near(name, [name_of(entry) for entry in snapshot.list(resource, where)])
            hint = f" There is one called {like}." if like else ""
            cause = "volume-claim-missing" if resource == CLAIMS else f"{resource.singular}-missing"
            yield Finding(
                cause,
                f"Pod {name_of(pod)} mounts {resource.kind} {name}, which does not exist in namespace {where}.{hint}",
                in_namespace(f"kubectl get {resource.plural}", where),
                (f"Pod {name_of(pod)} spec.volumes[{volume.get('name')}].{field}.{key}: {name}",),
                UNREACHED,
            )
