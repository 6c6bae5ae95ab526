"""A container's files: every path is looked up below the pod's tree, and no link leads out of it."""

from __future__ import annotations

import posixpath
from pathlib import Path

_KNOWN = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")


class Tree:
    """The tree of one container."""

    def __init__(self, root: str) -> None:
        self._root = Path(root).resolve()

    def host(self, path: str, cwd: str = "/") -> Path:
        """Return the host's path; raises ``PermissionError`` when a link leads outside."""
        inside = posixpath.normpath(posixpath.join(cwd, path))
        found = self._root / inside.lstrip("/")
        resolved = found.resolve()
        if resolved != self._root and self._root not in resolved.parents:
            raise PermissionError(13, "Permission denied", path)
        return found

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
        inside = posixpath.normpath(posixpath.join(cwd, path))
        return inside == "/" or inside.lstrip("/") in _KNOWN or self.host(path, cwd).is_dir()
