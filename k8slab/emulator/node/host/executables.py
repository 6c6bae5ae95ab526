"""Which commands an image has, and what the container runtime says of one that it has not."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from k8slab.emulator.node.host.servers import SERVERS
from k8slab.emulator.node.host.shell.applets import BUSYBOX, CURL, WITH_BASH
from k8slab.emulator.node.host.shell.files import absolute
from k8slab.emulator.node.host.shell.interpreter import Command, Shell

_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_BY_IMAGE: Mapping[str, Mapping[str, Command]] = {"busybox": BUSYBOX, "nginx": WITH_BASH}
# What only the shell itself knows: no file of that name exists.
_BUILTINS = frozenset({"cd", "exit", "break", "continue", "export", "shift", ":", "set", "trap", "wait", "unset",
                       "read", "eval", "exec", "return", "local", "alias", "jobs", "fg", "bg", "."})  # fmt: skip


def commands_of(image: str, program: str) -> Mapping[str, Command]:
    """Return the commands of an image. The teaching servers are one static binary each: nothing else is in there."""
    if program in SERVERS:
        return {}
    return _BY_IMAGE.get(image.rpartition("/")[2].partition(":")[0].partition("@")[0], CURL)


def cannot_run(shell: Shell, name: str) -> str:
    """Return why runc cannot start a command (its own words), or an empty text."""
    if "/" not in name:
        found = name in shell.commands and name not in _BUILTINS
        return "" if found else f'exec: "{name}": executable file not found in $PATH'
    path = absolute(name, shell.context.cwd)
    folder, file = posixpath.split(path)
    if folder in _FOLDERS and file in shell.commands and file not in _BUILTINS:
        return ""
    if shell.tree.is_folder(path):
        return f'exec: "{name}": permission denied'
    return _file_problem(shell, path, name)


def _file_problem(shell: Shell, path: str, name: str) -> str:
    if path in ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname"):
        return f'exec: "{name}": permission denied'
    try:
        host = shell.tree.host(path)
        if not host.is_file():
            return f'exec: "{name}": stat {path}: no such file or directory'
        return "" if host.stat().st_mode & 0o111 else f'exec: "{name}": permission denied'
    except OSError:
        return f'exec: "{name}": permission denied'
