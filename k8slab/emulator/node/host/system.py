"""What an image gives its shells: programs, built-in commands, how they speak, and files that are made when read."""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from k8slab.emulator.node.host.context import ProgramContext, Streamset
from k8slab.emulator.node.host.proc import VirtualFiles
from k8slab.emulator.node.host.processes import Process
from k8slab.emulator.node.host.shell.files import Tree

# The shell's class cannot be named here: it holds a System.
Applet = Callable[[Any, list[str], Streamset], Awaitable[int]]
_FOLDERS = ("/", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin")


@dataclass(slots=True)
class System:
    """The programs of one image. ``speech`` is how its ``sh`` reports errors: ``ash``, ``dash`` or ``bash``."""

    applets: Mapping[str, Applet]
    builtins: Mapping[str, Applet]
    speech: str = "ash"
    hostname: str = ""
    _tree: Tree | None = None
    _virtual: VirtualFiles | None = None
    _tasks: set[asyncio.Task[int]] = field(default_factory=set)

    def tree(self, context: ProgramContext, process: Process) -> Tree:
        """Return the container's files; ``/proc/self`` is the process."""
        if self._tree is None or self._virtual is None:
            self._virtual = VirtualFiles(context, frozenset(self.applets))
            user = context.facts.get("uid", 0)
            writable = context.facts.get("writable")
            self._tree = Tree(
                context.root, context.volumes, context.read_only, tuple(writable) if isinstance(writable, list) else (),
                self._virtual, privileged=user == 0,
            )  # fmt: skip
        self._virtual.current = process
        return self._tree

    def keep(self, task: asyncio.Task[int]) -> None:
        """Hold a background job until it has ended."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def prefix(self, shell: str, line: int, builtin: str) -> str:
        """Return what an error message begins with."""
        name = posixpath.basename(shell)
        spoken = "bash" if name == "bash" else self.speech
        if spoken != "ash":
            place = f"line {line}" if spoken == "bash" else str(line)
            return f"{shell}: {place}: " + (f"{builtin}: " if builtin else "")
        is_file = name not in ("sh", "ash")
        if builtin:
            return f"{shell}: {builtin}: line {line if is_file else line - 1}: "
        return f"{shell}: line {line}: " if is_file else f"{shell}: "

    def missing(self, shell: str) -> str:
        """Return the words for a command that does not exist."""
        return "command not found" if posixpath.basename(shell) == "bash" else "not found"

    def locate(self, name: str, path: str, tree: Tree, cwd: str) -> Applet | str:
        """Return what runs under a name, or the reason why nothing does."""
        if "/" not in name:
            found = self.applets.get(name)
            if found is not None and path:
                return found
            return self._in_path(name, path, tree)
        inside = posixpath.normpath(posixpath.join(cwd, name))
        folder, base = posixpath.split(inside)
        if folder in _FOLDERS and base in self.applets:
            return self.applets[base]
        return self._file(inside, tree)

    def _in_path(self, name: str, path: str, tree: Tree) -> Applet | str:
        for folder in path.split(":"):
            found = self._file(posixpath.join(folder or "/", name), tree)
            if not isinstance(found, str):
                return found
        return "not found"

    def _file(self, path: str, tree: Tree) -> Applet | str:
        if tree.is_folder(path):
            return "Permission denied"
        if not tree.exists(path):
            return "not found"
        if not stat.S_IMODE(tree.entry(path).mode) & 0o111:
            return "Permission denied"
        return self._script(path, tree.read(path))

    def _script(self, path: str, content: bytes) -> Applet | str:
        first = content.split(b"\n", 1)[0].decode(errors="replace")
        words = first[2:].split() if first.startswith("#!") else ["/bin/sh"]
        if not words:
            return "not found"
        interpreter = posixpath.basename(words[0])
        if interpreter == "env" and len(words) > 1:
            words = words[1:]
            interpreter = posixpath.basename(words[0])
        found = self.applets.get(interpreter)
        if found is None:
            return "not found"
        runner = found

        async def run(shell: Any, arguments: list[str], streams: Streamset) -> int:
            return await runner(shell, [interpreter, *words[1:], path, *arguments[1:]], streams)

        return run
