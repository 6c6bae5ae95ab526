"""Puts volumes into a container's tree: a folder is a link to the volume, a subPath of fixed content a copy."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from k8slab.emulator.node.environment import ConfigError, expand
from k8slab.kube.objects import Obj

# Nobody writes into these, whatever the mount says (the kubelet mounts them read-only).
_FIXED = ("configMap", "secret", "projected", "downwardAPI")


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume at a path of the container. ``inside`` is the path below the volume (empty: the whole volume)."""

    path: str
    volume: str
    inside: str
    read_only: bool
    fixed: bool


def mounts_of(pod: Obj, container: Obj, values: Mapping[str, str]) -> list[Mount]:
    """Return a container's mounts, outer paths first; raises ``ConfigError`` for a path out of its volume."""
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or []}
    found = [_mount(entry, volumes[entry["name"]], values) for entry in container.get("volumeMounts") or []]
    return sorted(found, key=lambda mount: mount.path.count("/"))


def _mount(entry: Obj, volume: Obj, values: Mapping[str, str]) -> Mount:
    inside = str(entry.get("subPath") or "") or expand(str(entry.get("subPathExpr") or ""), values)
    if inside.startswith("/") or ".." in inside.split("/"):
        raise ConfigError(f'subPath must not be absolute or contain "..": "{inside}"')
    fixed = any(kind in volume for kind in _FIXED)
    path = posixpath.normpath("/" + str(entry["mountPath"]).lstrip("/"))
    return Mount(path, str(entry["name"]), inside, fixed or bool(entry.get("readOnly")), fixed)


def mount_all(root: Path, volumes: Path, mounts: Iterable[Mount]) -> None:
    """Put the mounts into a fresh tree; ``volumes`` is the folder with the pod's volumes by name."""
    for mount in mounts:
        place = root / mount.path.lstrip("/")
        _clear(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        source = volumes / mount.volume
        if not mount.inside:
            place.symlink_to(source)
        elif mount.fixed:
            _copy(source / mount.inside, place)
        else:
            (source / mount.inside).mkdir(parents=True, exist_ok=True)
            place.symlink_to(source / mount.inside)


def _clear(place: Path) -> None:
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)


def _copy(source: Path, place: Path) -> None:
    # A subPath keeps the content of the moment when the container started (Kubernetes documents just that).
    if source.is_dir():
        shutil.copytree(source, place)
    elif source.exists():
        shutil.copyfile(source, place)
    else:
        place.mkdir(parents=True)
