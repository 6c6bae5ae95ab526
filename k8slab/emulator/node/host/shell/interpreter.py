"""Runs a shell tree. Every turn of a loop gives the event loop a chance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from k8slab.emulator.node.host.context import ProgramContext, Streamset
from k8slab.emulator.node.host.shell.expansion import Expander
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.host.shell.syntax import Compound, Pipeline, Script, ShellSyntaxError, Simple, parse

Command = Callable[["Shell", list[str], Streamset], Awaitable[int]]


class ExitShellError(Exception):
    """``exit N``."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class LoopControlError(Exception):
    """``break`` or ``continue``."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(slots=True)
class Shell:
    """One shell: its variables, its folder and its commands by name."""

    context: ProgramContext
    commands: Mapping[str, Command]
    variables: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=lambda: ["sh"])
    last: int = 0

    @property
    def tree(self) -> Tree:
        """Return the container's files."""
        return Tree(self.context.root, self.context.volumes, self.context.read_only)

    def get(self, name: str) -> str:
        """Return a variable, or an empty text."""
        if name == "?":
            return str(self.last)
        if name == "#":
            return str(len(self.arguments) - 1)
        if name in ("@", "*"):
            return " ".join(self.arguments[1:])
        if name == "$":
            return "1"
        if name.isdigit():
            return self.arguments[int(name)] if int(name) < len(self.arguments) else ""
        return self.variables.get(name, self.context.env.get(name, ""))

    def environment(self) -> dict[str, str]:
        """Return what ``env`` shows."""
        return dict(self.context.env)

    async def run_text(self, text: str, streams: Streamset) -> int:
        """Run a program; return its exit code."""
        try:
            script = parse(text)
        except (ShellSyntaxError, ValueError, IndexError) as error:
            await streams.err(f"sh: {error}\n".encode())
            return 2
        try:
            return await self.run(script, streams)
        except ExitShellError as error:
            return error.code

    async def run(self, script: Script, streams: Streamset) -> int:
        """Run a list of pipelines."""
        behind: list[asyncio.Task[int]] = []
        for joint, pipeline, in_background in script.items:
            if (joint == "&&" and self.last != 0) or (joint == "||" and self.last == 0):
                continue
            if in_background:
                behind.append(asyncio.create_task(self._pipeline(pipeline, streams)))
                self.last = 0
            else:
                self.last = await self._pipeline(pipeline, streams)
        for task in behind:
            await task
        return self.last

    async def _pipeline(self, pipeline: Pipeline, streams: Streamset) -> int:
        code = await self._piped(list(pipeline.commands), streams)
        return int(code == 0) if pipeline.negated else code

    async def _piped(self, commands: list[Simple | Compound], streams: Streamset) -> int:
        if len(commands) == 1:
            return await self._command(commands[0], streams)
        queue: asyncio.Queue[bytes] = asyncio.Queue(64)

        async def feed() -> int:
            try:
                return await self._copy().in_subshell(commands[0], replace(streams, out=queue.put))
            finally:
                await queue.put(b"")

        feeding = asyncio.create_task(feed())
        code = await self._copy()._piped(commands[1:], replace(streams, read=queue.get))  # noqa: SLF001
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        return code

    def _copy(self) -> Shell:
        context = replace(self.context, env=dict(self.context.env))
        return Shell(context, self.commands, dict(self.variables), list(self.arguments), self.last)

    async def in_subshell(self, command: Simple | Compound, streams: Streamset) -> int:
        """Run a command whose ``exit`` ends only itself."""
        try:
            return await self._command(command, streams)
        except ExitShellError as error:
            return error.code

    async def _command(self, command: Simple | Compound, streams: Streamset) -> int:
        await asyncio.sleep(0)
        try:
            streams = await self._redirected(command.redirections, streams)
        except OSError as error:
            await streams.err(f"sh: {error.filename or ''}: {error.strerror}\n".encode())
            return 1
        if isinstance(command, Simple):
            return await self._simple(command, streams)
        return await self._compound(command, streams)

    async def _simple(self, command: Simple, streams: Streamset) -> int:
        words, assignments = list(command.words), {}
        while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
            name, _, value = words.pop(0).partition("=")
            assignments[name] = await self._expander(streams).text(value)
        arguments = await self._expander(streams).words(tuple(words))
        if not arguments:
            for name, value in assignments.items():
                self.assign(name, value)
            return 0
        shell = self._copy() if assignments else self
        for name, value in assignments.items():
            shell.context.env[name] = value
        return await shell.execute(arguments, streams)

    def assign(self, name: str, value: str) -> None:
        """Set a variable; an exported one stays exported."""
        (self.context.env if name in self.context.env else self.variables)[name] = value

    async def execute(self, arguments: list[str], streams: Streamset) -> int:
        """Run one command by name; 127 when there is none."""
        name = arguments[0].rpartition("/")[2] if arguments[0].startswith("/") else arguments[0]
        found = self.commands.get(name)
        if found is None:
            await streams.err(f"sh: {arguments[0]}: not found\n".encode())
            return 127
        try:
            return await found(self, arguments, streams)
        except OSError as error:
            await streams.err(f"{name}: {error.filename or ''}: {error.strerror or error}\n".encode())
            return 1

    def _expander(self, streams: Streamset) -> Expander:
        async def run(text: str) -> str:
            collected = bytearray()

            async def keep(data: bytes) -> None:
                collected.extend(data)

            shell = self._copy()
            self.last = await shell.run_text(text, replace(streams, out=keep))
            return collected.decode(errors="replace")

        return Expander(self.get, run, self.tree, lambda: self.context.cwd, lambda: self.arguments[1:])

    async def _redirected(self, redirections: tuple[tuple[str, str], ...], streams: Streamset) -> Streamset:
        for kind, target in redirections:
            if kind == "2>&1":
                streams = replace(streams, err=streams.out)
                continue
            if kind in (">&2", "1>&2"):
                streams = replace(streams, out=streams.err)
                continue
            path = await self._expander(streams).text(target)
            if kind == "<":
                streams = replace(streams, read=_reader(self.tree.host(path, self.context.cwd).read_bytes()))
                continue
            write = self._writer(path, append=kind == ">>", streams=streams)
            streams = replace(streams, err=write) if kind == "2>" else replace(streams, out=write)
            streams = replace(streams, err=write) if kind == "&>" else streams
        return streams

    def _writer(self, path: str, *, append: bool, streams: Streamset) -> Callable[[bytes], Awaitable[None]]:
        special = {"/dev/stdout": streams.out, "/dev/stderr": streams.err, "/dev/null": _drop}
        if path in special:
            return special[path]
        host = self.tree.writable(path, self.context.cwd)
        if host.parent == self.tree.host("/tmp"):  # noqa: S108 - the container's own folder
            host.parent.mkdir(exist_ok=True)
        host.open("ab" if append else "wb").close()

        async def write(data: bytes) -> None:
            with host.open("ab") as stream:
                stream.write(data)

        return write

    async def _compound(self, command: Compound, streams: Streamset) -> int:
        if command.kind == "if":
            return await self._if(command, streams)
        if command.kind == "for":
            return await self._for(command, streams)
        if command.kind in ("while", "until"):
            return await self._while(command, streams)
        shell = self if command.kind == "group" else self._copy()
        if shell is self:
            return await self.run(command.parts[0], streams)
        try:
            return await shell.run(command.parts[0], streams)
        except ExitShellError as error:
            return error.code

    async def _if(self, command: Compound, streams: Streamset) -> int:
        parts = command.parts
        for index in range(0, len(parts) - 1, 2):
            if await self.run(parts[index], streams) == 0:
                return await self.run(parts[index + 1], streams)
        return await self.run(parts[-1], streams) if len(parts) % 2 else 0

    async def _while(self, command: Compound, streams: Streamset) -> int:
        condition, body = command.parts
        while (await self.run(condition, streams) == 0) == (command.kind == "while"):
            if await self._body(body, streams):
                break
        return 0

    async def _for(self, command: Compound, streams: Streamset) -> int:
        for value in await self._expander(streams).words(command.words):
            self.assign(command.name, value)
            if await self._body(command.parts[0], streams):
                break
        return self.last

    async def _body(self, body: Script, streams: Streamset) -> bool:
        """Run a loop's body; tell whether the loop is left."""
        try:
            await self.run(body, streams)
        except LoopControlError as error:
            return error.word == "break"
        return False


async def _drop(_data: bytes) -> None:
    """Take output to nowhere."""


def _reader(data: bytes) -> Callable[[], Awaitable[bytes]]:
    chunks = [data]

    async def read() -> bytes:
        return chunks.pop() if chunks else b""

    return read
