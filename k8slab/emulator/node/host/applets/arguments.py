"""Options and inputs of commands, as busybox reads and reports them."""

from __future__ import annotations

import getopt
from collections.abc import AsyncIterator, Sequence

from k8slab.emulator.node.host.context import Input, Streamset, input_of
from k8slab.emulator.node.host.shell.interpreter import Shell
from k8slab.emulator.node.host.shell.state import UsageError

__all__ = ["CANT_OPEN", "Inputs", "Options", "UsageError", "bytes_of", "text_of"]


class Options:
    """What stood before the operands; ``-n 5``, ``-n5`` and ``--name=5`` are alike."""

    def __init__(self, arguments: Sequence[str], short: str, long: Sequence[str] = (), *, mixed: bool = True) -> None:
        read = getopt.gnu_getopt if mixed else getopt.getopt
        try:
            pairs, self.operands = read(list(arguments[1:]), short, list(long))
        except getopt.GetoptError as error:
            raise UsageError(_words(error)) from error
        self._pairs = [(name.lstrip("-"), value) for name, value in pairs]

    def __contains__(self, name: str) -> bool:
        return any(found == name for found, _ in self._pairs)

    def any(self, *names: str) -> bool:
        """Tell whether one of the options was given."""
        return any(name in self for name in names)

    def get(self, *names: str, default: str = "") -> str:
        """Return the last value of an option."""
        return next((value for found, value in reversed(self._pairs) if found in names), default)

    def all(self, *names: str) -> list[str]:
        """Return all values of an option, in order."""
        return [value for found, value in self._pairs if found in names]

    def number(self, *names: str, default: int) -> int:
        """Return the number of an option; raises ``UsageError``."""
        text = self.get(*names)
        if not text:
            return default
        if not text.lstrip("+-").isdigit():
            raise UsageError(f"invalid number '{text}'")
        return int(text)


def _words(error: getopt.GetoptError) -> str:
    if "requires" in error.msg:
        return f"option requires an argument -- '{error.opt}'"
    if error.msg.startswith("option --"):
        return f"unrecognized option '--{error.opt}'"
    return f"invalid option -- '{error.opt}'"


class Inputs:
    """The files of a command one after another, or its input when it names none; ``failed`` when one was not there."""

    def __init__(
        self, shell: Shell, streams: Streamset, command: str, names: Sequence[str], form: str = "{0}: {1}"
    ) -> None:
        self._shell = shell
        self._streams = streams
        self._command = command
        self._names = list(names) or ["-"]
        self._form = form
        self.failed = False

    async def each(self) -> AsyncIterator[tuple[str, Input]]:
        """Yield names and contents."""
        for name in self._names:
            if name == "-":
                yield name, self._streams.read
                continue
            try:
                if self._shell.tree.is_folder(name, self._shell.cwd):
                    await self.complain("read error: Is a directory")
                    continue
                data = self._shell.tree.read(name, self._shell.cwd)
            except OSError as error:
                await self.complain(self._form.format(name, error.strerror))
                continue
            yield name, input_of(data)

    async def complain(self, text: str) -> None:
        """Report a problem with one of the files."""
        self.failed = True
        await self._streams.err(f"{self._command}: {text}\n".encode())

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield all lines with their ends."""
        async for _, source in self.each():
            while line := await source.line():
                yield line


def text_of(data: bytes) -> str:
    """Return bytes as text that can be turned back."""
    return data.decode(errors="surrogateescape")


def bytes_of(text: str) -> bytes:
    """Return text as bytes."""
    return text.encode(errors="surrogateescape")


CANT_OPEN = "can't open '{0}': {1}"
