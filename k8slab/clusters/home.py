"""The folder in which k8slab keeps what it must remember, and the clear words when it cannot."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import platformdirs

from k8slab.errors import ClusterError

# A name becomes part of file and context names: a DNS-1123 label, at most 40 characters so that socket paths fit.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return ``$K8SLAB_HOME``, or the user's data folder for k8slab."""
    configured = environ.get("K8SLAB_HOME", "")
    return Path(configured).expanduser() if configured else Path(platformdirs.user_data_path("k8slab"))


def cluster_folder(root: Path, name: str) -> Path:
    """Return the folder of the cluster with that name; raises ``ClusterError`` for a name that cannot be one."""
    if not _NAME.fullmatch(name):
        raise ClusterError(
            f"{name!r} cannot be the name of a cluster.",
            "Use at most 40 lowercase letters, digits and dashes, such as --name my-lab.",
        )
    return root / "clusters" / name


def known_clusters(root: Path) -> list[str]:
    """Return the names of all clusters that have a folder, sorted."""
    try:
        entries = list((root / "clusters").iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unusable(root, error) from error
    return sorted(entry.name for entry in entries if entry.is_dir() and _NAME.fullmatch(entry.name))


def prepare_folder(folder: Path) -> None:
    """Create the folder (mode 0700) and prove that a file can be written in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 4096)
    except OSError as error:
        raise _unusable(folder, error) from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    handle, temporary = -1, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise _unusable(path.parent, error) from error


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that is in it; nothing happens when there is none."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(folder, error) from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two commands never start or stop one cluster at the same time."""
    try:
        file = (folder / "lock").open("a")
    except OSError as error:
        raise _unusable(folder, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ClusterError(
                f"Another command is starting or stopping the cluster {folder.name!r} right now.",
                "Wait until it has ended, then try again.",
            ) from error
        yield


def _unusable(folder: Path, error: OSError) -> ClusterError:
    elsewhere = "set K8SLAB_HOME to a folder that you can write to, for instance: export K8SLAB_HOME=/tmp/k8slab"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ClusterError(f"The disk that holds {folder} is full.", f"Free some space there, or {elsewhere}")
    reason = (error.strerror or str(error)).lower()
    return ClusterError(f"k8slab cannot keep its files in {folder}: {reason}.", f"Make it writable, or {elsewhere}")
