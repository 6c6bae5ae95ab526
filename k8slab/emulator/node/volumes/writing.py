"""Files of volumes on the host's disk: new content appears in one step, as the kubelet's AtomicWriter does it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from k8slab.emulator.node.volumes.content import VolumeFile

_LINK = "..data"


def write_atomically(folder: Path, files: Mapping[str, VolumeFile]) -> bool:
    """Make ``folder`` show exactly these files; tell whether anything changed.

    The content lies in a folder of its own; the link ``..data`` is moved to it in one step, and each top name is a link
    through ``..data`` (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go).
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / _LINK
    if current.is_symlink() and _content(current.resolve()) == {name: file.data for name, file in files.items()}:
        return False
    made = Path(tempfile.mkdtemp(prefix="..", dir=folder))
    made.chmod(0o755)
    for name, file in files.items():
        target = made / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(file.mode & 0o777)
    before = current.resolve() if current.is_symlink() else None
    temporary = folder / "..data_tmp"
    temporary.symlink_to(made.name)
    temporary.replace(current)
    _link_names(folder, {name.partition("/")[0] for name in files})
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)
    return True


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str((Path(where) / name).relative_to(folder)): (Path(where) / name).read_bytes()
        for where, _, names in os.walk(folder)
        for name in names
    }


def _link_names(folder: Path, wanted: set[str]) -> None:
    present = {entry.name for entry in folder.iterdir() if not entry.name.startswith("..")}
    for name in present - wanted:
        (folder / name).unlink()
    for name in wanted - present:
        (folder / name).symlink_to(f"{_LINK}/{name}")
