"""Which programs an image has, and what the container runtime says of one that it has not."""

from __future__ import annotations

import stat
from collections.abc import Mapping

from k8slab.emulator.node.host.agnhost import command as agnhost
from k8slab.emulator.node.host.applets import (
    conditions,
    encoding,
    expr,
    files,
    grep,
    httpd,
    lines,
    listing,
    machine,
    names,
    network,
    nginx,
    printing,
    running,
    sed,
)
from k8slab.emulator.node.host.applets.awk import command as awk
from k8slab.emulator.node.host.shell.builtins import SPECIAL, failing, nothing, pwd
from k8slab.emulator.node.host.shell.files import absolute
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.jobs import kill
from k8slab.emulator.node.host.system import System

_TABLES = (
    printing.TABLE, lines.TABLE, grep.TABLE, sed.TABLE, files.TABLE, listing.TABLE, machine.TABLE, encoding.TABLE,
    running.TABLE, conditions.TABLE, expr.TABLE, awk.TABLE,
)  # fmt: skip
_COMMON: Mapping[str, Applet] = {
    **{name: applet for table in _TABLES for name, applet in table.items()},
    "true": nothing, "false": failing, "pwd": pwd, "kill": kill,
}  # fmt: skip
_BUSYBOX: Mapping[str, Applet] = {**_COMMON, **network.TABLE, **names.TABLE, "ash": running.sh}
# The Debian images of nginx and httpd come without these.
_NOT_IN_DEBIAN = frozenset({
    "ps", "top", "vi", "vim", "nano", "less", "more", "watch", "killall", "pkill", "pgrep", "pidof", "hexdump", "xxd",
    "free", "uptime", "usleep", "ll", "time", "kill",
})  # fmt: skip
_DEBIAN: Mapping[str, Applet] = {
    **{name: applet for name, applet in _COMMON.items() if name not in _NOT_IN_DEBIAN},
    **network.CURL, "getent": network.TABLE["getent"], "bash": running.sh, "dash": running.sh,
}  # fmt: skip
_SYSTEMS: Mapping[str, tuple[Mapping[str, Applet], str]] = {
    "busybox": (_BUSYBOX, "ash"),
    "alpine": ({**_BUSYBOX, **network.CURL}, "ash"),
    "debian": (_DEBIAN, "dash"),
    "agnhost": ({**_BUSYBOX, **network.CURL, **names.DIG, **agnhost.TABLE}, "ash"),
    "httpd": ({**_DEBIAN, **httpd.TABLE}, "dash"),
    "nginx-debian": ({**_DEBIAN, **nginx.TABLE}, "dash"),
    "nginx-alpine": ({**_BUSYBOX, **network.CURL, **nginx.TABLE}, "ash"),
    # One static binary: nothing else is in there.
    "scratch": ({}, "ash"),
}
# What the shell runs itself, without a process.
_BUILTINS: Mapping[str, Applet] = {
    **SPECIAL, **conditions.TABLE, "echo": printing.echo, "printf": printing.printf,
}  # fmt: skip


def system_of(name: str) -> System:
    """Return what an image of that kind gives its shells."""
    applets, speech = _SYSTEMS.get(name, _SYSTEMS["scratch"])
    return System(applets, _BUILTINS, speech)


def cannot_run(shell: Shell, name: str) -> str:
    """Return why runc cannot start a command (its own words), or an empty text."""
    found = shell.system.locate(name, shell.path, shell.tree, shell.context.cwd)
    if not isinstance(found, str):
        return ""
    if "/" not in name:
        return f'exec: "{name}": executable file not found in $PATH'
    path = absolute(name, shell.context.cwd)
    if found == "Permission denied" or _is_plain(shell, path):
        return f'exec: "{name}": permission denied'
    return f'exec: "{name}": stat {path}: no such file or directory'


def _is_plain(shell: Shell, path: str) -> bool:
    try:
        return not stat.S_IMODE(shell.tree.entry(path).mode) & 0o111
    except PermissionError:
        return True
    except OSError:
        return False
