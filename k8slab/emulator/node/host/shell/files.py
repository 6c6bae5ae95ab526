"""A container's files: every path is looked up below the pod's tree, and no link leads out of it."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Sequence
from pathlib import Path

_KNOWN = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")


def absolute(path: str, cwd: str = "/") -> str:
    """Return the path from the top, without ``.``, ``..`` and doubled slashes."""
    return "/" + posixpath.normpath(posixpath.join("/", cwd, path)).lstrip("/")


class Tree:
    """The tree of one container, with the pod's volumes that are mounted in it."""

    def __init__(self, root: str, volumes: str = "", read_only: Sequence[str] = ()) -> None:
        self._root = Path(root).resolve()
        self._homes = [self._root, *([Path(volumes).resolve()] if volumes else [])]
        self._read_only = tuple(read_only)

    def host(self, path: str, cwd: str = "/") -> Path:
        """Return the host's path; raises ``PermissionError`` when a link leads outside."""
        inside = absolute(path, cwd)
        found = self._root / inside.lstrip("/")
        resolved = found.resolve()
        if not any(resolved == home or home in resolved.parents for home in self._homes):
            raise PermissionError(13, "Permission denied", path)
        return found

    def writable(self, path: str, cwd: str = "/") -> Path:
        """Return the host's path of what is to be written; raises ``OSError`` where a mount is read-only."""
        inside = absolute(path, cwd)
        if any(inside == mount or inside.startswith(f"{mount}/") for mount in self._read_only):
            raise OSError(errno.EROFS, "Read-only file system", path)
        return self.host(path, cwd)

    def names(self, path: str) -> list[str]:
        """Return the names in a folder; the top shows what every container has."""
        try:
            found = {entry.name for entry in self.host(path).iterdir()}
        except OSError:
            found = set()
        if posixpath.normpath(path) == "/":
            found |= set(_KNOWN)
        return sorted(found)

    def is_folder(self, path: str, cwd: str = "/") -> bool:
        """Tell whether a path is a folder."""
        inside = absolute(path, cwd)
        return inside == "/" or inside.lstrip("/") in _KNOWN or self.host(path, cwd).is_dir()
