"""The node's own disk: folders for hostPath volumes and for claims, which outlive pods and the cluster's process."""

from __future__ import annotations

import posixpath
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from k8slab.emulator.node.volumes.content import VolumeError
from k8slab.kube.objects import Obj, dig, name_of, namespace_of

_ELSEWHERE = "volumes are not part of the embedded cluster (they work on kind: %lab start --cluster kind)"
# Only what a provisioner or a pod put here is removed together with its volume.
_REMOVED = ("/var/local-path-provisioner/", "/tmp/")  # noqa: S108 - paths on the node


class ClaimSource(Protocol):
    """Finds claims and the volumes that they are bound to."""

    async def claim(self, namespace: str, name: str) -> Obj | None:
        """Return a PersistentVolumeClaim, or None."""
        ...

    async def volume(self, name: str) -> Obj | None:
        """Return a PersistentVolume, or None."""
        ...


@dataclass(frozen=True, slots=True)
class NodeDisk:
    """The folder of the host that stands for the node's root, and where claims are looked up."""

    root: Path
    source: ClaimSource

    def place(self, path: str) -> Path:
        """Return where a path of the node is; ``..`` does not lead out."""
        inside = posixpath.normpath("/" + path.lstrip("/")).lstrip("/")
        found = self.root / inside
        resolved, root = found.resolve(), self.root.resolve()
        if resolved != root and root not in resolved.parents:
            raise VolumeError(f"hostPath {path} leads out of the node's disk")
        return found

    def host_path(self, source: Obj) -> Path:
        """Return the place of a hostPath volume, made where its type says so; raises ``VolumeError``."""
        path, kind = str(source.get("path", "")), str(source.get("type") or "")
        place = self.place(path)
        if kind == "FileOrCreate" and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        if kind in ("", "DirectoryOrCreate") and not place.exists():
            place.mkdir(parents=True)
        checks = {"Directory": (place.is_dir, "a directory"), "DirectoryOrCreate": (place.is_dir, "a directory"),
                  "File": (place.is_file, "a file"), "FileOrCreate": (place.is_file, "a file")}  # fmt: skip
        holds, words = checks.get(kind, (lambda: kind == "", kind))
        if not holds():
            raise VolumeError(f"hostPath type check failed: {path} is not {words}")
        return place

    async def claimed(self, pod: Obj, volume: Obj) -> Path:
        """Return the place of the volume that a pod's claim is bound to; raises ``VolumeError``."""
        name = str(volume.get("claimName", ""))
        claim = await self.source.claim(namespace_of(pod), name)
        if claim is None:
            raise VolumeError(f'persistentvolumeclaim "{name}" not found')
        bound = await self.source.volume(str(dig(claim, "spec", "volumeName", default="")))
        if bound is None or dig(claim, "status", "phase") != "Bound":
            raise VolumeError(
                f'PVC {namespace_of(pod)}/{name} has non-bound phase ("Pending") or empty pvc.Spec.VolumeName'
            )
        return self.of_volume(bound)

    def of_volume(self, volume: Obj) -> Path:
        """Return the place of a PersistentVolume; raises ``VolumeError``."""
        spec = volume["spec"]
        if spec.get("hostPath"):
            return self.host_path(spec["hostPath"])
        if spec.get("local"):
            return self.host_path({"path": spec["local"].get("path"), "type": "Directory"})
        raise VolumeError(f"the source of PersistentVolume {name_of(volume)} is of a kind whose {_ELSEWHERE}")

    def remove(self, volume: Obj) -> None:
        """Remove the data of a volume that was deleted together with its claim."""
        path = str(dig(volume, "spec", "hostPath", "path", default=""))
        if dig(volume, "spec", "persistentVolumeReclaimPolicy") == "Delete" and path.startswith(_REMOVED):
            shutil.rmtree(self.place(path), ignore_errors=True)


def link(place: Path, target: Path) -> None:
    """Let a pod's volume show a place of the node."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink() and place.readlink() == target:
        return
    place.unlink(missing_ok=True)
    place.symlink_to(target)
