"""What a shell remembers: variables, functions, options, traps, jobs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from k8slab.emulator.node.host.context import ProgramContext
from k8slab.emulator.node.host.processes import Process
from k8slab.emulator.node.host.shell.syntax import Compound


class ExitShellError(Exception):
    """The shell ends with a status."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class LoopControlError(Exception):
    """``break`` or ``continue``, through ``levels`` loops."""

    def __init__(self, word: str, levels: int = 1) -> None:
        super().__init__(word)
        self.word = word
        self.levels = levels


class ReturnError(Exception):
    """``return`` from a function or a sourced file."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class ShellError(Exception):
    """A special built-in was misused: the message, and the status with which a script ends."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class UsageError(Exception):
    """A command was called in a way that it does not know; the text comes after the command's name."""


@dataclass(slots=True)
class Job:
    """A list in the background."""

    number: int
    process: Process
    task: asyncio.Task[int]
    text: str

    def state(self) -> str:
        """Return what ``jobs`` shows."""
        if not self.task.done():
            return "Running"
        if self.task.cancelled():
            return "Terminated"
        code = self.task.result()
        return "Done" if code == 0 else "Terminated" if code > 128 else f"Done({code})"  # noqa: PLR2004


@dataclass(slots=True)
class State:
    """One shell environment (POSIX, 2.12); ``copy`` gives a subshell its own."""

    context: ProgramContext
    variables: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=lambda: ["sh"])
    functions: dict[str, Compound] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    traps: dict[int, str] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    locals: list[dict[str, str | None]] = field(default_factory=list)
    last: int = 0
    behind: int = 0
    loops: int = 0
    place: int = 0
    process: Process = field(default_factory=lambda: Process(1, 0, ["sh"]))

    def copy(self) -> State:
        """Return the environment of a subshell: traps are reset, except those that ignore."""
        return replace(
            self, context=replace(self.context, env=dict(self.context.env)), variables=dict(self.variables),
            arguments=list(self.arguments), functions=dict(self.functions), options=set(self.options),
            fixed=set(self.fixed), traps={number: text for number, text in self.traps.items() if not text},
            jobs=[], locals=[dict(scope) for scope in self.locals],
        )  # fmt: skip
