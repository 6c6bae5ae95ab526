"""Rules of ephemeral containers (validateEphemeralContainers, ValidatePodEphemeralContainersUpdate)."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.emulator.registry.validation.containers import validate_container
from k8slab.kube.objects import Obj
from k8slab.kube.status import DUPLICATE, FORBIDDEN, NOT_FOUND, FieldError

_PATH = "spec.ephemeralContainers"
_NOT_ALLOWED = ("ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy")
_CANNOT = "cannot be set for an Ephemeral Container"


def validate_ephemeral_update(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a change of a pod's ephemeral containers: they may only be added."""
    spec = new["spec"]
    yield from _containers(spec)
    after = {entry["name"]: entry for entry in spec.get("ephemeralContainers") or []}
    for entry in old["spec"].get("ephemeralContainers") or []:
        name = entry["name"]
        if name not in after:
            yield FieldError(FORBIDDEN, _PATH, detail=f'existing ephemeral containers "{name}" may not be removed\n')
        elif after[name] != entry:
            yield FieldError(FORBIDDEN, _PATH, detail=f'existing ephemeral containers "{name}" may not be changed\n')


def _containers(spec: Obj) -> Iterator[FieldError]:
    others = {entry["name"] for field in ("containers", "initContainers") for entry in spec.get(field) or []}
    names = set(others)
    volumes = {str(volume.get("name", "")) for volume in spec.get("volumes") or []}
    for index, container in enumerate(spec.get("ephemeralContainers") or []):
        path = f"{_PATH}[{index}]"
        yield from validate_container(container, path, volumes, host_network=bool(spec.get("hostNetwork")))
        name, target = container.get("name", ""), container.get("targetContainerName")
        if name in names:
            yield FieldError(DUPLICATE, f"{path}.name", name)
        names.add(name)
        if target and target not in others:
            yield FieldError(NOT_FOUND, f"{path}.targetContainerName", target)
        for field in _NOT_ALLOWED:
            if container.get(field):
                yield FieldError(FORBIDDEN, f"{path}.{field}", detail=_CANNOT)
        for place, mount in enumerate(container.get("volumeMounts") or []):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    yield FieldError(FORBIDDEN, f"{path}.volumeMounts[{place}].{field}", detail=_CANNOT)
