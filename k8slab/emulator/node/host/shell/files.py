"""A container's files: every path is looked up below the pod's tree, and no link leads out of it.

Links that commands make are kept with the host's full path of their target, so that what follows them later (nginx too)
stays inside wherever they are moved to; ``/./`` after the tree's root marks a link that was made with a relative text.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_RELATIVE = "/./"


def absolute(path: str, cwd: str = "/") -> str:
    """Return the path from the top, without ``.``, ``..`` and doubled slashes."""
    return "/" + posixpath.normpath(posixpath.join("/", cwd, path)).lstrip("/")


def not_found(path: str) -> FileNotFoundError:
    """Return the error for a path that is not there."""
    return FileNotFoundError(errno.ENOENT, "No such file or directory", path)


def _linked(volumes: str) -> list[Path]:
    """Return where volumes lie that are places of the node's disk: links which only the kubelet can make."""
    if not volumes or not Path(volumes).is_dir():
        return []
    return [entry.resolve() for entry in Path(volumes).iterdir() if entry.is_symlink()]


class Virtual(Protocol):
    """Files that are made when they are read: programs, ``/proc``, ``/dev``."""

    def read(self, path: str) -> bytes | None:
        """Return a file's content; None when there is none."""
        ...

    def names(self, path: str) -> list[str] | None:
        """Return the names in a folder; None when there is none."""
        ...

    def mode(self, path: str) -> int | None:
        """Return type and permission bits; None when there is nothing."""
        ...


class NoVirtual:
    """Nothing beside the real files."""

    def read(self, path: str) -> bytes | None:  # noqa: ARG002
        """Return None."""
        return None

    def names(self, path: str) -> list[str] | None:  # noqa: ARG002
        """Return None."""
        return None

    def mode(self, path: str) -> int | None:  # noqa: ARG002
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """What ``stat`` tells; ``target`` is a link's text."""

    name: str
    mode: int
    size: int
    modified: float
    links: int = 1
    target: str = ""
    inode: int = 0

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Tell whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)


class Tree:
    """The tree of one container, with the pod's volumes that are mounted in it.

    ``read_only`` and ``writable`` are paths of the container; the longest that covers a path decides.
    """

    def __init__(
        self,
        root: str,
        volumes: str = "",
        read_only: Sequence[str] = (),
        writable: Sequence[str] = (),
        virtual: Virtual | None = None,
        *,
        privileged: bool = True,
    ) -> None:
        self._root = Path(root).resolve()
        self._volumes = Path(volumes).resolve() if volumes else None
        self._homes = [self._root, *([self._volumes] if self._volumes else [])]
        self._homes += _linked(volumes)
        self._read_only = tuple(read_only)
        self._writable = tuple(writable)
        self._virtual = virtual or NoVirtual()
        self._privileged = privileged

    def host(self, path: str, cwd: str = "/") -> Path:
        """Return the host's path; raises ``PermissionError`` when a link leads outside."""
        inside = absolute(path, cwd)
        found = self._root / inside.lstrip("/")
        resolved = found.resolve()
        if not any(resolved == home or home in resolved.parents for home in self._homes):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return found

    def writable(self, path: str, cwd: str = "/") -> Path:
        """Return the host's path of what is to be written; raises ``OSError`` where that is not allowed."""
        inside = absolute(path, cwd)
        if self._virtual.mode(inside) is not None:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        fixed, free = _longest(inside, self._read_only), _longest(inside, self._writable)
        if fixed > free:
            raise OSError(errno.EROFS, "Read-only file system", path)
        if not self._privileged and not free and not inside.startswith(("/tmp/", "/var/tmp/", "/dev/")):  # noqa: S108
            raise PermissionError(errno.EACCES, "Permission denied", path)
        found = self.host(path, cwd)
        if found.is_symlink() and not found.parent.resolve().is_dir():
            raise not_found(path)
        return found

    def read(self, path: str, cwd: str = "/") -> bytes:
        """Return a file's content; raises ``OSError``."""
        made = self._virtual.read(absolute(path, cwd))
        return made if made is not None else self.host(path, cwd).read_bytes()

    def save(self, path: str, data: bytes, cwd: str = "/") -> None:
        """Write a file's content; what goes to ``/dev/null`` is gone. Raises ``OSError``."""
        if absolute(path, cwd) not in ("/dev/null", "/dev/zero", "/dev/tty"):
            self.writable(path, cwd).write_bytes(data)

    def names(self, path: str, cwd: str = "/") -> list[str]:
        """Return the names in a folder; none when there is no such folder."""
        inside = absolute(path, cwd)
        found = set(self._virtual.names(inside) or [])
        with suppress(OSError):
            found |= {entry.name for entry in self.host(inside).iterdir()}
        return sorted(found)

    def exists(self, path: str, cwd: str = "/") -> bool:
        """Tell whether there is something at the path (links followed)."""
        if self._virtual.mode(absolute(path, cwd)) is not None:
            return True
        try:
            return self.host(path, cwd).exists()
        except OSError:
            return False

    def is_folder(self, path: str, cwd: str = "/") -> bool:
        """Tell whether a path is a folder."""
        mode = self._virtual.mode(absolute(path, cwd))
        if mode is not None:
            return stat.S_ISDIR(mode)
        try:
            return self.host(path, cwd).is_dir()
        except OSError:
            return False

    def entry(self, path: str, cwd: str = "/", *, follow: bool = True) -> Entry:
        """Return what is at a path; raises ``OSError``. A mounted volume is a folder, never a link."""
        inside = absolute(path, cwd)
        mode = self._virtual.mode(inside)
        if mode is not None:
            size = 0 if stat.S_ISDIR(mode) else len(self._virtual.read(inside) or b"")
            return Entry(path, mode, size, 0.0, inode=abs(hash(inside)) % 100000)
        host = self.host(path, cwd)
        target = self.link_target(path, cwd)
        try:
            found = host.lstat() if target and not follow else host.stat()
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        return Entry(path, found.st_mode, found.st_size, found.st_mtime, found.st_nlink, target, found.st_ino)

    def link_target(self, path: str, cwd: str = "/") -> str:
        """Return the text of a symbolic link as the container sees it; empty when it is none."""
        found = self._root / absolute(path, cwd).lstrip("/")
        if not found.is_symlink():
            return ""
        text = os.readlink(found)  # noqa: PTH115 - Path drops the mark of relative links
        root = str(self._root)
        if self._volumes and text.startswith(f"{self._volumes}/"):
            return ""
        if text.startswith(root + _RELATIVE):
            folder = posixpath.dirname(absolute(path, cwd))
            return posixpath.relpath("/" + text[len(root + _RELATIVE) :], folder)
        return text[len(root) :] or "/" if text == root or text.startswith(f"{root}/") else text

    def is_mount(self, path: str, cwd: str = "/") -> bool:
        """Tell whether a volume is mounted just there."""
        found = self._root / absolute(path, cwd).lstrip("/")
        return bool(self._volumes and found.is_symlink() and os.readlink(found).startswith(f"{self._volumes}/"))  # noqa: PTH115 - as above

    def link(self, target: str, path: str, cwd: str = "/") -> None:
        """Make a symbolic link whose target stays inside; raises ``OSError``."""
        place = self.writable(path, cwd)
        inside = absolute(target, posixpath.dirname(absolute(path, cwd)))
        mark = "" if target.startswith("/") else "/."
        place.symlink_to(f"{self._root}{mark}{inside}")


def _longest(path: str, mounts: Sequence[str]) -> int:
    covering = [mount for mount in mounts if mount in {path, "/"} or path.startswith(f"{mount}/")]
    return max((len(mount) for mount in covering), default=0)
