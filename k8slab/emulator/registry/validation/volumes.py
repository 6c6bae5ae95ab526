"""Rules of a pod's volumes and of where they are mounted (ValidateVolumes of pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from k8slab.emulator.registry.validation.environment import validate_resource_reference, validate_volume_field
from k8slab.emulator.registry.validation.names import LABEL, check
from k8slab.emulator.registry.validation.values import no_steps_back, one_of, relative_path, required
from k8slab.kube.objects import Obj
from k8slab.kube.quantities import parse_quantity
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, NOT_FOUND, REQUIRED, FieldError

_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
_HIGHEST_MODE = 0o777
_HOST_PATHS = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
# The order in which Kubernetes looks at a volume's sources: the second one found is one too many.
_ORDER = ("emptyDir", "hostPath", "gitRepo", "secret", "nfs", "configMap", "persistentVolumeClaim", "downwardAPI",
          "projected", "csi", "ephemeral", "image")  # fmt: skip


def validate_volumes(volumes: Sequence[Obj], path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the volumes."""
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        where, name = f"{path}[{index}]", str(volume.get("name", ""))
        yield from _source(volume, where)
        if not name:
            yield FieldError(REQUIRED, f"{where}.name")
            continue
        problems = list(check(LABEL, f"{where}.name", name))
        yield from problems
        if not problems and name in seen:
            yield FieldError(DUPLICATE, f"{where}.name", name)
        seen.add(name)


def _source(volume: Obj, path: str) -> Iterator[FieldError]:
    found = [kind for kind in _ORDER if volume.get(kind) is not None]
    for kind in found[1:]:
        yield FieldError(FORBIDDEN, f"{path}.{kind}", detail="may not specify more than 1 volume type")
    if found and found[0] in _RULES:
        yield from _RULES[found[0]](volume[found[0]], f"{path}.{found[0]}")
    if not found and len(volume) <= 1:
        yield FieldError(REQUIRED, path, detail="must specify a volume type")


def _empty_dir(source: Obj, path: str) -> Iterator[FieldError]:
    limit = source.get("sizeLimit")
    if limit is not None and parse_quantity(limit) < 0:
        detail = "SizeLimit field must be a valid resource quantity"
        yield FieldError(FORBIDDEN, f"{path}.sizeLimit", detail=detail)


def _host_path(source: Obj, path: str) -> Iterator[FieldError]:
    text = str(source.get("path", ""))
    if not text:
        yield FieldError(REQUIRED, f"{path}.path")
        return
    yield from no_steps_back(f"{path}.path", text)
    yield from one_of(f"{path}.type", source.get("type") or "", _HOST_PATHS)


def _secret(source: Obj, path: str) -> Iterator[FieldError]:
    yield from required(f"{path}.secretName", source.get("secretName"))
    yield from _modes(source, path)


def _config_map(source: Obj, path: str) -> Iterator[FieldError]:
    yield from required(f"{path}.name", source.get("name"))
    yield from _modes(source, path)


def _modes(source: Obj, path: str) -> Iterator[FieldError]:
    yield from _mode(source.get("defaultMode"), f"{path}.defaultMode")
    for index, item in enumerate(source.get("items") or []):
        where = f"{path}.items[{index}]"
        yield from required(f"{where}.key", item.get("key"))
        yield from _item_path(item, where)
        yield from _mode(item.get("mode"), f"{where}.mode")


def _mode(mode: int | None, path: str) -> Iterator[FieldError]:
    if mode is not None and not 0 <= mode <= _HIGHEST_MODE:
        yield FieldError(INVALID, path, mode, _MODE)


def _item_path(item: Obj, path: str) -> Iterator[FieldError]:
    text = str(item.get("path", ""))
    if not text:
        yield FieldError(REQUIRED, f"{path}.path")
        return
    yield from relative_path(f"{path}.path", text)
    if text.startswith("..") and not text.startswith("../") and text != "..":
        yield FieldError(INVALID, f"{path}.path", text, "must not start with '..'")


def _nfs(source: Obj, path: str) -> Iterator[FieldError]:
    if not source.get("server"):
        yield FieldError(REQUIRED, f"{path}.server")
    if not source.get("path"):
        yield FieldError(REQUIRED, f"{path}.path")
    if not str(source.get("path", "")).startswith("/"):
        yield FieldError(INVALID, f"{path}.path", source.get("path", ""), "must be an absolute path")


def _downward(source: Obj, path: str) -> Iterator[FieldError]:
    yield from _mode(source.get("defaultMode"), f"{path}.defaultMode")
    for item in source.get("items") or []:
        # The API server leaves the index of the item out of these paths.
        yield from _item_path(item, path)
        if item.get("fieldRef") is not None:
            yield from validate_volume_field(item["fieldRef"], f"{path}.fieldRef")
            if item.get("resourceFieldRef") is not None:
                detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
                yield FieldError(INVALID, path, "resource", detail)
        elif item.get("resourceFieldRef") is not None:
            reference = item["resourceFieldRef"]
            yield from validate_resource_reference(reference, f"{path}.resourceFieldRef", in_volume=True)
        else:
            yield FieldError(REQUIRED, path, detail="one of fieldRef and resourceFieldRef is required")
        yield from _mode(item.get("mode"), f"{path}.mode")


def _claim(source: Obj, path: str) -> Iterator[FieldError]:
    yield from required(f"{path}.claimName", source.get("claimName"))


_RULES: Mapping[str, Callable[[Obj, str], Iterator[FieldError]]] = {
    "emptyDir": _empty_dir, "hostPath": _host_path, "secret": _secret, "configMap": _config_map,
    "downwardAPI": _downward, "persistentVolumeClaim": _claim, "nfs": _nfs,
}  # fmt: skip


def validate_mounts(mounts: Sequence[Obj], path: str, volumes: set[str]) -> Iterator[FieldError]:
    """Yield what is wrong with where a container mounts volumes."""
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        where = f"{path}[{index}]"
        name, target = mount.get("name", ""), mount.get("mountPath", "")
        yield from required(f"{where}.name", name)
        if name not in volumes:
            yield FieldError(NOT_FOUND, f"{where}.name", name)
        yield from required(f"{where}.mountPath", target)
        if target and target in seen:
            yield FieldError(INVALID, f"{where}.mountPath", target, "must be unique")
        seen.add(target)
        # Kubernetes itself leaves the index out here.
        if mount.get("subPath"):
            yield from relative_path(f"{path}.subPath", mount["subPath"])
        if mount.get("subPathExpr"):
            if mount.get("subPath"):
                yield FieldError(
                    INVALID,
                    f"{path}.subPathExpr",
                    mount["subPathExpr"],
                    "subPathExpr and subPath are mutually exclusive",
                )
            yield from relative_path(f"{path}.subPathExpr", mount["subPathExpr"])
