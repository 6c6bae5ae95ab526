"""Compound commands: groups, subshells, if, case, loops (POSIX, 2.9.4)."""

from __future__ import annotations

from typing import Any, Protocol

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.expansion import Expander
from k8slab.emulator.node.host.shell.patterns import matches
from k8slab.emulator.node.host.shell.state import LoopControlError, State
from k8slab.emulator.node.host.shell.syntax import Compound, Script


class Runner(Protocol):
    """What compound commands need of the shell. ``tested`` counts the conditions around (``set -e`` ignores them)."""

    state: State
    tested: int

    @property
    def expander(self) -> Expander:
        """Return what expands words."""
        ...

    def positional(self) -> list[str]:
        """Return the arguments."""
        ...

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""
        ...

    def subshell(self) -> Any:
        """Return a shell with an environment of its own."""
        ...

    async def run(self, script: Script, streams: Streamset) -> int:
        """Run lists in order."""
        ...


async def run_compound(shell: Runner, command: Compound, streams: Streamset) -> int:
    """Run a compound command; its redirections are applied already."""
    if command.kind == "group":
        return await shell.run(command.parts[0], streams)
    if command.kind == "subshell":
        inner = shell.subshell()
        inner.tested = shell.tested
        code: int = await inner.whole(command.parts[0], streams)
        return code
    kinds = {"if": _if, "for": _for, "case": _case, "while": _while, "until": _while}
    return await kinds[command.kind](shell, command, streams)


async def _condition(shell: Runner, script: Script, streams: Streamset) -> bool:
    shell.tested += 1
    try:
        return await shell.run(script, streams) == 0
    finally:
        shell.tested -= 1


async def _if(shell: Runner, command: Compound, streams: Streamset) -> int:
    parts = command.parts
    for index in range(0, len(parts) - 1, 2):
        if await _condition(shell, parts[index], streams):
            return await shell.run(parts[index + 1], streams)
    return await shell.run(parts[-1], streams) if len(parts) % 2 else 0


async def _case(shell: Runner, command: Compound, streams: Streamset) -> int:
    value = await shell.expander.text((command.words or ((),))[0])
    for arm in command.arms:
        for pattern in arm.patterns:
            if matches(value, await shell.expander.pattern(pattern)):
                shell.state.last = 0
                return await shell.run(arm.body, streams)
    return 0


async def _while(shell: Runner, command: Compound, streams: Streamset) -> int:
    condition, body = command.parts
    code = 0
    while True:
        try:
            shell.state.loops += 1
            if await _condition(shell, condition, streams) != (command.kind == "while"):
                return code
            code = await shell.run(body, streams)
        except LoopControlError as error:
            if _leaves(shell, error):
                return 0
        finally:
            shell.state.loops -= 1


async def _for(shell: Runner, command: Compound, streams: Streamset) -> int:
    words = shell.positional() if command.words is None else await shell.expander.words(command.words)
    code = 0
    for value in words:
        shell.assign(command.name, value)
        try:
            shell.state.loops += 1
            code = await shell.run(command.parts[0], streams)
        except LoopControlError as error:
            if _leaves(shell, error):
                return 0
        finally:
            shell.state.loops -= 1
    return code


def _leaves(shell: Runner, error: LoopControlError) -> bool:
    if error.levels > 1 and shell.state.loops > 1:
        raise LoopControlError(error.word, error.levels - 1) from error
    return error.word == "break"
