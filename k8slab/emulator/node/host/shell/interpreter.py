"""Runs a shell tree. Every command gives the event loop a chance, so that a loop cannot hold up its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from k8slab.emulator.node.host.context import Input, Streamset, input_of
from k8slab.emulator.node.host.processes import Process, run_as
from k8slab.emulator.node.host.shell.compound import run_compound
from k8slab.emulator.node.host.shell.environment import Environment
from k8slab.emulator.node.host.shell.expansion import Expander, ExpansionError
from k8slab.emulator.node.host.shell.parser import parse
from k8slab.emulator.node.host.shell.pipes import Pipe
from k8slab.emulator.node.host.shell.redirections import RedirectionError, Redirector
from k8slab.emulator.node.host.shell.state import (
    ExitShellError,
    Job,
    LoopControlError,
    ReturnError,
    ShellError,
    State,
    UsageError,
)
from k8slab.emulator.node.host.shell.syntax import (
    AndOr,
    Command,
    Compound,
    Function,
    Pipeline,
    Script,
    ShellSyntaxError,
    Simple,
    Word,
    substitutes,
)
from k8slab.emulator.node.host.shell.words import quoted
from k8slab.emulator.node.host.system import System

Applet = Callable[["Shell", list[str], Streamset], Awaitable[int]]
_BROKEN_PIPE = 141
_DEEPEST = 100
_ENDINGS = {1: "Hangup", 3: "Quit", 6: "Aborted", 9: "Killed", 15: "Terminated"}


class Shell(Environment):
    """One shell. ``system`` knows the programs of the image; ``builtins`` are the shell's own commands."""

    def __init__(self, system: System, state: State, depth: int = 0) -> None:
        super().__init__(system, state)
        self.depth = depth
        self.tested = 0
        self._pending: list[int] = []
        self.signalled = asyncio.Event()
        # A program that takes the place of this shell (``exec``, a background command) keeps its process.
        self.replaced = False

    async def output_of(self, program: Script) -> str:
        """Return the output of a command substitution; its status becomes ``$?``."""
        collected = bytearray()

        async def keep(data: bytes) -> None:
            collected.extend(data)

        shell = self.subshell()
        self.state.last = await shell.whole(program, replace(self._streams, out=keep))
        return collected.replace(b"\0", b"").decode(errors="surrogateescape")

    # --- running ---

    _streams: Streamset

    def subshell(self, process: Process | None = None) -> Shell:
        """Return a shell with an environment of its own. Raises ``ShellError`` when they are too deep."""
        if self.depth > _DEEPEST:
            raise ShellError("out of memory: too many shells inside each other")
        made = Shell(self.system, self.state.copy(), self.depth + 1)
        made.state.process = process or self.state.process
        return made

    async def complain(self, text: str, streams: Streamset, *, builtin: str = "") -> None:
        """Write an error message as the shell does."""
        prefix = self.system.prefix(self.name, self.state.place, builtin)
        await streams.err(f"{prefix}{text}\n".encode(errors="surrogateescape"))

    def pending_signal(self) -> int:
        """Return the signal that came first and has not been acted on."""
        return self._pending[0] if self._pending else 0

    async def run_text(self, text: str, streams: Streamset) -> int:
        """Run a whole program; return its exit code, after the trap for the exit."""
        self._streams = streams
        try:
            script = parse(text)
        except (ShellSyntaxError, RecursionError) as error:
            self.state.place = text.count("\n") + 1
            await self.complain(str(error) or "syntax error: too deeply nested", streams)
            return 2
        return await self.whole(script, streams)

    async def whole(self, script: Script, streams: Streamset) -> int:
        """Run a program to the end of this shell."""
        try:
            code = await self.guarded(script, streams)
        except ExitShellError as error:
            code = error.code
        return await self.leave(code, streams)

    async def guarded(self, script: Script, streams: Streamset) -> int:
        """Run a program; what it breaks becomes a message and a status. Raises ``ExitShellError``."""
        try:
            return await self.run(script, streams)
        except LoopControlError:
            return 0
        except ReturnError as error:
            return error.code
        except (ShellError, ExpansionError) as error:
            await self.complain(str(error), streams)
            return error.code if isinstance(error, ShellError) else 2
        except BrokenPipeError:
            return _BROKEN_PIPE

    async def leave(self, code: int, streams: Streamset) -> int:
        """Run the trap for the exit; return the exit code."""
        action = self.state.traps.pop(0, "")
        if not action:
            return code
        self.state.last = code
        try:
            await self.guarded(parse(action), streams)
        except ExitShellError as error:
            return error.code
        return code

    async def run(self, script: Script, streams: Streamset) -> int:
        """Run lists in order."""
        self._streams = streams
        for item in script.items:
            if item.behind:
                self._start(item, streams)
            else:
                await self._and_or(item, streams)
            await self.run_traps(streams)
        return self.state.last

    def signal(self, number: int) -> bool:
        """Take a signal; tell whether a trap is set for it."""
        if number not in self.state.traps:
            return False
        if self.state.traps[number]:
            self._pending.append(number)
            self.signalled.set()
        return True

    async def run_traps(self, streams: Streamset) -> None:
        """Run the actions of the signals that have come."""
        self.signalled.clear()
        while self._pending:
            action = self.state.traps.get(self._pending.pop(0), "")
            before = self.state.last
            await self.run(parse(action), streams)
            self.state.last = before

    def _start(self, item: AndOr, streams: Streamset) -> None:
        table = self.context.processes
        process = table.spawn(self.state.process.argv, self.state.process.pid, self.cwd)
        shell = self.subshell(process)
        pipelines = item.pipelines
        first = pipelines[0][1].commands[0]
        shell.replaced = len(pipelines) == 1 and len(pipelines[0][1].commands) == 1 and isinstance(first, Simple)
        script = Script((replace(item, behind=False),))
        process.handler = shell.signal
        work = run_as(table, process, shell.whole(script, replace(streams, read=input_of(b""))))
        task: asyncio.Task[int] = asyncio.create_task(work)
        self.system.keep(task)
        number = max((job.number for job in self.state.jobs), default=0) + 1
        self.state.jobs.append(Job(number, process, task, item.text))
        self.state.behind = process.pid
        self.state.last = 0

    async def _and_or(self, item: AndOr, streams: Streamset) -> None:
        last_index = len(item.pipelines) - 1
        for index, (joint, pipeline) in enumerate(item.pipelines):
            if (joint == "&&" and self.state.last != 0) or (joint == "||" and self.state.last == 0):
                continue
            tested = index < last_index or pipeline.negated
            self.tested += tested
            try:
                self.state.last = await self._pipeline(pipeline, streams)
            finally:
                self.tested -= tested
            if self.state.last and not tested and not self.tested and self.option("e"):
                raise ExitShellError(self.state.last)

    async def _pipeline(self, pipeline: Pipeline, streams: Streamset) -> int:
        commands = pipeline.commands
        code = await (self._command(commands[0], streams) if len(commands) == 1 else self._piped(commands, streams))
        return int(code == 0) if pipeline.negated else code

    async def _piped(self, commands: Sequence[Command], streams: Streamset) -> int:
        pipes = [Pipe() for _ in commands[1:]]
        tasks = []
        for index, command in enumerate(commands):
            read = Input(pipes[index - 1].read) if index else streams.read
            out = pipes[index].write if index < len(pipes) else streams.out
            ends = (pipes[index - 1] if index else None, pipes[index] if index < len(pipes) else None)
            tasks.append(asyncio.create_task(self._stage(command, replace(streams, read=read, out=out), ends)))
        try:
            codes = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        if self.option("pipefail"):
            return next((code for code in reversed(codes) if code), 0)
        return codes[-1]

    async def _stage(self, command: Command, streams: Streamset, ends: tuple[Pipe | None, Pipe | None]) -> int:
        shell = self.subshell()
        shell.tested = self.tested
        try:
            return await shell.whole(Script((AndOr(((";", Pipeline((command,))),)),)), streams)
        finally:
            if ends[0] is not None:
                ends[0].abandon()
            if ends[1] is not None:
                ends[1].end()

    async def _command(self, command: Command, streams: Streamset) -> int:
        await asyncio.sleep(0)
        self._streams = streams
        if isinstance(command, Function):
            self.state.functions[command.name] = command.body
            return 0
        if isinstance(command, Simple):
            self.state.place = command.line
            return await self._simple(command, streams)
        try:
            streams = (
                await self.redirector().applied(command.redirections, streams) if command.redirections else streams
            )
        except RedirectionError as error:
            await self.complain(str(error), streams)
            return 1
        return await run_compound(self, command, streams)

    def redirector(self) -> Redirector:
        """Return what applies redirections in this shell."""
        return Redirector(self.tree, self.cwd, self.expander.text)

    @property
    def expander(self) -> Expander:
        """Return what expands words in this shell."""
        return Expander(self)

    async def _simple(self, command: Simple, streams: Streamset) -> int:
        before = self.state.last
        arguments = await self.expander.words(command.words)
        assignments = await self._assignments(command.assignments)
        if self.option("x"):
            shown = [f"{name}={quoted(value)}" for name, value in assignments] + [quoted(word) for word in arguments]
            await streams.err(f"+ {' '.join(shown)}\n".encode(errors="surrogateescape"))
        if arguments[:1] == ["exec"] and len(arguments) == 1:
            return await self._keep_redirections(command, streams)
        try:
            inner = await self.redirector().applied(command.redirections, streams)
        except RedirectionError as error:
            await self.complain(str(error), streams)
            return 1
        if not arguments:
            for name, value in assignments:
                self.assign(name, value)
            # The status is that of the last command substitution, if there was one.
            return self.state.last if any(substitutes(word) for _, word in command.assignments) else 0
        self.state.last = before
        return await self._with_assignments(assignments, arguments, inner)

    async def _keep_redirections(self, command: Simple, streams: Streamset) -> int:
        try:
            made = await self.redirector().applied(command.redirections, streams)
        except RedirectionError as error:
            await self.complain(str(error), streams)
            raise ExitShellError(1) from error
        streams.read, streams.out, streams.err, streams.more = made.read, made.out, made.err, made.more
        return 0

    async def _assignments(self, found: tuple[tuple[str, Word], ...]) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        for name, word in found:
            value = await self.expander.text(word)
            if name.endswith("+"):
                name = name[:-1]  # noqa: PLW2901 - ``name+=value``
                value = self.get(name) + value
            made.append((name, value))
            if len(found) > 1:
                # A later assignment may use an earlier one.
                self.assign(name, value)
        return made

    async def _with_assignments(
        self, assignments: list[tuple[str, str]], arguments: list[str], streams: Streamset
    ) -> int:
        if not assignments:
            return await self.execute(arguments, streams)
        names = {name for name, _ in assignments}
        kept = {name: (self.state.variables.get(name), self.context.env.get(name)) for name in names}
        for name, value in assignments:
            self.context.env[name] = value
            self.state.variables.pop(name, None)
        try:
            return await self.execute(arguments, streams)
        finally:
            for name, (variable, exported) in kept.items():
                _restore(self.state.variables, name, variable)
                _restore(self.context.env, name, exported)

    async def execute(self, arguments: list[str], streams: Streamset) -> int:
        """Run one command: a function, a built-in or a program; 127 when there is none."""
        name = arguments[0]
        if name in self.state.functions:
            return await self._function(self.state.functions[name], arguments, streams)
        builtin = self.system.builtins.get(name)
        if builtin is not None:
            return await self._built_in(builtin, arguments, streams)
        return await self.program(arguments, streams)

    async def _built_in(self, found: Applet, arguments: list[str], streams: Streamset) -> int:
        self._streams = streams
        try:
            return await found(self, arguments, streams)
        except BrokenPipeError:
            return _BROKEN_PIPE
        except UsageError as error:
            await self.complain(f"{arguments[0]}: {error}", streams)
            return 1
        except OSError as error:
            await self.complain(f"{arguments[0]}: {error.filename or ''}: {error.strerror or error}", streams)
            return 1

    async def program(self, arguments: list[str], streams: Streamset) -> int:
        """Run a program of the image or a file of the tree as a process."""
        found = self.system.locate(arguments[0], self.path, self.tree, self.cwd)
        if isinstance(found, str):
            word = self.system.missing(self.name) if found == "not found" else found
            await self.complain(f"{arguments[0]}: {word}", streams)
            return 126 if found == "Permission denied" else 127
        table = self.context.processes
        if self.replaced:
            self.state.process.argv = list(arguments)
            self.state.process.handler = None
            return await self._apply(self, found, arguments, streams)
        process = table.spawn(arguments, self.state.process.pid, self.cwd)
        shell = self.subshell(process)
        code = await run_as(table, process, self._apply(shell, found, arguments, streams))
        await self.report(process, streams)
        return code

    async def report(self, process: Process, streams: Streamset) -> None:
        """Say by which signal a process ended, as shells do."""
        word = _ENDINGS.get(process.killed_by, "")
        if word:
            await streams.err(f"{word}\n".encode())

    async def _apply(self, shell: Shell, found: Any, arguments: list[str], streams: Streamset) -> int:
        name = arguments[0].rpartition("/")[2]
        try:
            code: int = await found(shell, arguments, streams)
        except BrokenPipeError:
            return _BROKEN_PIPE
        except UsageError as error:
            await streams.err(f"{name}: {error}\n".encode(errors="surrogateescape"))
            return 1
        except OSError as error:
            await streams.err(f"{name}: {error.filename or ''}: {error.strerror or error}\n".encode())
            return 1
        return code

    async def _function(self, body: Compound, arguments: list[str], streams: Streamset) -> int:
        if len(self.state.locals) > _DEEPEST:
            raise ShellError("maximum function recursion depth exceeded")
        before = self.state.arguments
        self.state.arguments = [before[0], *arguments[1:]]
        self.state.locals.append({})
        try:
            return await self._command(body, streams)
        except ReturnError as error:
            return error.code
        finally:
            for name, value in self.state.locals.pop().items():
                self.unset(name) if value is None else self.assign(name, value)
            self.state.arguments = before


def _restore(values: dict[str, str], name: str, value: str | None) -> None:
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value
