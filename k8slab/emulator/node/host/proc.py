"""Files that exist only when they are read: the image's programs, ``/proc`` and ``/dev``."""

from __future__ import annotations

import posixpath
import stat
import time
from collections.abc import Callable, Iterable

from k8slab.emulator.node.host.context import ProgramContext
from k8slab.emulator.node.host.processes import Process

_PROGRAM_FOLDER = "/bin"
_DEVICES = {
    "null": 0o666, "zero": 0o666, "full": 0o666, "random": 0o666, "urandom": 0o666, "tty": 0o666, "ptmx": 0o666,
}  # fmt: skip
_FOLDERS = {"/bin": 0o755, "/dev": 0o755, "/proc": 0o555, "/sys": 0o555}
_LINKS = ("stdin", "stdout", "stderr", "fd")
KERNEL = "6.6.0"
VERSION = f"Linux version {KERNEL} (k8slab) #1 SMP"
_CPU = "processor\t: 0\nvendor_id\t: k8slab\nmodel name\t: Embedded node\ncpu MHz\t\t: 1000.000\n\n"
MEMORY_KIB, FREE_KIB = 4_000_000, 3_000_000


class VirtualFiles:
    """The virtual files of one container; ``current`` is the process that looks."""

    def __init__(self, context: ProgramContext, programs: Iterable[str]) -> None:
        self._context = context
        self._programs = frozenset(programs)
        self.current: Process | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file's content; None when there is none."""
        if path.startswith("/proc/"):
            return self._proc(path)
        folder, name = posixpath.split(path)
        if folder == _PROGRAM_FOLDER and name in self._programs:
            return b"\x7fELF"
        if folder == "/dev" and name in _DEVICES:
            # A bounded part of what has no end.
            return b"\0" * 65536 if name == "zero" else b""
        return None

    def _proc(self, path: str) -> bytes | None:
        parts = path.split("/")[2:]
        if parts[0] == "self" or parts[0].isdigit():
            process = self.current if parts[0] == "self" else self._context.processes.get(int(parts[0]))
            return None if process is None else self._of_process(process, "/".join(parts[1:]))
        made = self._system().get("/".join(parts))
        return made().encode() if made else None

    def _system(self) -> dict[str, Callable[[], str]]:
        uptime = time.monotonic() - self._context.processes.booted
        return {
            "version": lambda: f"{VERSION}\n", "uptime": lambda: f"{uptime:.2f} {uptime:.2f}\n",
            "loadavg": lambda: f"0.00 0.00 0.00 1/{len(self._context.processes.all())} 1\n", "cpuinfo": lambda: _CPU,
            "meminfo": lambda: f"MemTotal:       {MEMORY_KIB} kB\nMemFree:        {FREE_KIB} kB\n"
            f"MemAvailable:   {FREE_KIB} kB\n",
            "mounts": lambda: "overlay / overlay rw,relatime 0 0\nproc /proc proc rw 0 0\n",
            "sys/kernel/hostname": lambda: f"{self._context.hostname}\n", "sys/kernel/ostype": lambda: "Linux\n",
            "sys/kernel/osrelease": lambda: f"{KERNEL}\n", "sys/net/core/somaxconn": lambda: "4096\n",
            "sys/net/ipv4/ip_forward": lambda: "0\n", "filesystems": lambda: "nodev\tproc\nnodev\toverlay\n",
        }  # fmt: skip

    def _of_process(self, process: Process, name: str) -> bytes | None:  # noqa: PLR0911 - one return for each file
        command = process.argv[0].rpartition("/")[2] if process.argv else ""
        if name == "cmdline":
            return b"".join(word.encode(errors="surrogateescape") + b"\0" for word in process.argv)
        if name == "comm":
            return f"{command[:15]}\n".encode()
        if name == "environ":
            return b"".join(f"{key}={value}\0".encode() for key, value in self._context.env.items())
        if name == "status":
            uid = self._context.facts.get("uid", 0)
            return (
                f"Name:\t{command[:15]}\nState:\tS (sleeping)\nTgid:\t{process.pid}\nPid:\t{process.pid}\n"
                f"PPid:\t{process.parent}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
            ).encode()
        if name == "stat":
            return f"{process.pid} ({command[:15]}) S {process.parent} {process.pid} {process.pid} 0 -1\n".encode()
        if name == "mounts":
            return self._system()["mounts"]().encode()
        if name == "cgroup":
            return b"0::/\n"
        return None

    def names(self, path: str) -> list[str] | None:  # noqa: PLR0911 - one return for each folder
        """Return the names in a folder; None when there is none."""
        if path == "/":
            return ["bin", "dev", "proc", "sys"]
        if path == _PROGRAM_FOLDER:
            return sorted(self._programs)
        if path == "/dev":
            return sorted([*_DEVICES, *_LINKS, "shm", "pts", "mqueue", "termination-log"])
        if path == "/proc":
            top = {name.partition("/")[0] for name in self._system()}
            return [*(str(process.pid) for process in self._context.processes.all()), "self", *sorted(top)]
        if path == "/sys":
            return []
        parts = path.split("/")
        if parts[1] == "proc" and len(parts) == 3 and (parts[2] == "self" or parts[2].isdigit()):  # noqa: PLR2004
            return ["cgroup", "cmdline", "comm", "environ", "mounts", "stat", "status"]
        return None

    def mode(self, path: str) -> int | None:
        """Return type and permission bits; None when there is nothing."""
        if path in _FOLDERS:
            return stat.S_IFDIR | _FOLDERS[path]
        folder, name = posixpath.split(path)
        if folder == "/dev" and name in _DEVICES:
            return stat.S_IFCHR | _DEVICES[name]
        if folder == _PROGRAM_FOLDER and name in self._programs:
            return stat.S_IFREG | 0o755
        if path.startswith("/proc/"):
            if self._proc(path) is not None:
                return stat.S_IFREG | 0o444
            return stat.S_IFDIR | 0o555 if self.names(path) is not None else None
        return None
