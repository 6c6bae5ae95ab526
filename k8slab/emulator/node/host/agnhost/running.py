"""What every subcommand of agnhost has: its shell's container, a log, an end."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field

from k8slab.emulator.node.host.context import ProgramContext, Streamset
from k8slab.emulator.node.host.shell.interpreter import Shell


@dataclass(slots=True)
class Running:
    """One run of a subcommand. ``ended`` is its exit code; a handled signal may set it."""

    shell: Shell
    streams: Streamset
    words: list[str]
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def context(self) -> ProgramContext:
        """Return the container."""
        return self.shell.context

    def log(self, text: str) -> None:
        """Write a line as Go's ``log`` does."""
        line = f"{time.strftime('%Y/%m/%d %H:%M:%S', time.gmtime())} {text}\n"
        task = asyncio.ensure_future(self.streams.err(line.encode()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def say(self, text: str) -> None:
        """Print a line."""
        await self.streams.out(f"{text}\n".encode(errors="surrogateescape"))

    def end(self, code: int) -> None:
        """End the program."""
        if not self.ended.done():
            self.ended.set_result(code)

    def on_end(self, code: int | None, *numbers: int) -> None:
        """Let signals end the program with a code; None: they are taken and nothing happens."""
        wanted = numbers or (int(signal.SIGTERM), int(signal.SIGINT))

        def handler(number: int) -> bool:
            if number in wanted and code is not None:
                self.end(code)
            return number in wanted

        self.shell.state.process.handler = handler

    def unasked(self) -> None:
        """Let a signal end the program as Go's runtime does when nobody asked for it: with 2."""
        self.on_end(2, int(signal.SIGTERM), int(signal.SIGINT), int(signal.SIGHUP))
