"""Commands that run commands: sh, xargs."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import UsageError, text_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.parser import parse
from k8slab.emulator.node.host.shell.state import ExitShellError, State
from k8slab.emulator.node.host.shell.syntax import ShellSyntaxError


async def sh(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run a shell: a text with ``-c``, a file, or what comes on the input, command by command."""
    options, words, text = _read(arguments)
    if arguments[0].rpartition("/")[2] == "bash":
        options.add("B")
    state = State(shell.context, process=shell.state.process, options=options)
    inner = Shell(shell.system, state, shell.depth + 1)
    state.process.handler = inner.signal
    if text is None and not words and streams.terminal:
        # An interactive shell outlives what its keys and others send (POSIX, 2.11).
        state.traps.update({signal.SIGINT: "", signal.SIGQUIT: "", signal.SIGTERM: ""})
    if text is not None:
        state.arguments = words or [arguments[0].rpartition("/")[2]]
        return await inner.run_text(text, streams)
    if words and "s" not in options:
        state.arguments = words
        try:
            program = shell.tree.read(words[0], shell.cwd)
        except OSError as error:
            await streams.err(f"{arguments[0]}: can't open '{words[0]}': {error.strerror}\n".encode())
            return 2
        return await inner.run_text(text_of(program), streams)
    state.arguments = [arguments[0].rpartition("/")[2], *words]
    return await _interactive(inner, streams)


def _read(arguments: list[str]) -> tuple[set[str], list[str], str | None]:
    options: set[str] = set()
    words, text, takes_text = arguments[1:], None, False
    while words and words[0][:1] in "-+" and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            continue
        takes_text = takes_text or "c" in word
        options |= set(word[1:]) & set("eufxnavs")
        if word.endswith("o") and words:
            options |= {"pipefail"} & set(words[:1])
            words.pop(0)
    if takes_text:
        if not words:
            raise UsageError("-c requires an argument")
        text = words.pop(0)
    return options, words, text


def _prompt(shell: Shell) -> bytes:
    if shell.name == "bash":
        home = shell.get("HOME")
        cwd = "~" if shell.cwd == home else shell.cwd
        return f"root@{shell.context.hostname}:{cwd}# ".encode()
    if shell.system.speech == "dash":
        return b"# "
    return f"{'~' if shell.cwd == shell.get('HOME') else shell.cwd} # ".encode()


async def _interactive(shell: Shell, streams: Streamset) -> int:
    """Run complete commands as their lines come; with a terminal, ask for them."""
    kept, keys = "", _Keys(shell) if streams.terminal else None
    while True:
        if streams.terminal:
            await streams.err(b"> " if kept else _prompt(shell))
        line = text_of(await (keys.line(streams) if keys else streams.read.line()))
        if keys and keys.interrupted:
            kept = ""
            await keys.over(streams)
            continue
        kept += line
        if not line or _complete(kept):
            code = await _run_lines(shell, kept, streams)
            if code is not None:
                return await shell.leave(code, streams)
            kept = ""
        if keys and keys.interrupted:
            await keys.over(streams)
        if not line:
            return await shell.leave(shell.state.last, streams)


class _Keys:
    """Notes the interrupts of an interactive shell: they end a line or a command, never the shell."""

    def __init__(self, shell: Shell) -> None:
        self._pressed = asyncio.Event()
        before = shell.state.process.handler

        def handler(number: int) -> bool:
            if number != signal.SIGINT:
                return before(number) if before is not None else False
            self._pressed.set()
            return True

        shell.state.process.handler = handler

    @property
    def interrupted(self) -> bool:
        return self._pressed.is_set()

    async def line(self, streams: Streamset) -> bytes:
        """Return the next line; an interrupt gives up what was typed."""
        waits = [asyncio.ensure_future(streams.read.line()), asyncio.ensure_future(self._pressed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return waits[0].result() if waits[0].done() else b""  # type: ignore[return-value]
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def over(self, streams: Streamset) -> None:
        """Begin a new line of output."""
        self._pressed.clear()
        await streams.err(b"\n")


def _complete(text: str) -> bool:
    if text.endswith("\\\n"):
        return False
    heredoc = re.search(r"<<-?\s*(['\"]?)(\w+)\1", text)
    if heredoc and not re.search(rf"^\t*{re.escape(heredoc[2])}$", text, re.MULTILINE):
        return False
    try:
        parse(text)
    except ShellSyntaxError as error:
        return not any(words in str(error) for words in ("unexpected end of file", "unterminated", "EOF in"))
    return True


async def _run_lines(shell: Shell, text: str, streams: Streamset) -> int | None:
    """Run a part of the input; return the exit code when the shell ends by it."""
    if not text.strip():
        return None
    try:
        script = parse(text)
    except ShellSyntaxError as error:
        await shell.complain(str(error), streams)
        shell.state.last = 2
        return None if streams.terminal else 2
    try:
        shell.state.last = await shell.guarded(script, streams)
    except ExitShellError as error:
        return error.code
    return None


async def xargs(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run a command with the words of the input as arguments."""
    words = arguments[1:]
    count, replace, empty, zero = 0, "", True, False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word[:2] in ("-n", "-I", "-P", "-L", "-s", "-d", "-E"):
            value = word[2:] or (words.pop(0) if words else "")
            count = int(value) if word[:2] in ("-n", "-L") else count
            replace = value if word.startswith("-I") else replace
        zero = zero or word == "-0"
        empty = empty and "r" not in word
    command = words or ["echo"]
    data = text_of(await streams.read.all())
    found = data.split("\0")[: -1 if data.endswith("\0") else None] if zero else data.splitlines() if replace else (
        shlex.split(data)
    )  # fmt: skip
    if not found and not empty:
        return 0
    if replace:
        batches = [[part.replace(replace, item.strip()) for part in command] for item in found if item.strip()]
    else:
        size = count or max(len(found), 1)
        batches = [[*command, *found[at : at + size]] for at in range(0, max(len(found), 1), size)]
    code = 0
    for batch in batches:
        result = await shell.program(batch, streams)
        code = 127 if result == 127 else 123 if result else code  # noqa: PLR2004 - xargs' own statuses
    return code


TABLE: Mapping[str, Applet] = {"sh": sh, "xargs": xargs}
