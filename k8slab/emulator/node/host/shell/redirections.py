"""Redirections: which file or descriptor each stream of a command is (POSIX, 2.7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from k8slab.emulator.node.host.context import Input, Streamset, Writer, discard, input_of
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.host.shell.pipes import appending
from k8slab.emulator.node.host.shell.syntax import Redirection, Word


class RedirectionError(Exception):
    """A file could not be opened; the text is the shell's message."""


_WORDS = {"No such file or directory": "nonexistent directory"}


class Redirector:
    """Applies redirections in order. ``text`` expands a word."""

    def __init__(self, tree: Tree, cwd: str, text: Callable[[Word], Awaitable[str]], *, keep: bool = False) -> None:
        self._tree = tree
        self._cwd = cwd
        self._text = text
        self._keep = keep

    async def applied(self, redirections: tuple[Redirection, ...], streams: Streamset) -> Streamset:
        """Return the streams of the command; raises ``RedirectionError``."""
        made = replace(streams, more=dict(streams.more))
        for entry in redirections:
            await self._one(entry, made)
        return made

    async def _one(self, entry: Redirection, made: Streamset) -> None:
        if entry.operator == "<<":
            made.read = input_of((await self._text(entry.document[0] if entry.document else ())).encode())
            return
        target = await self._text(entry.target)
        if entry.operator == "<<<":
            made.read = input_of(f"{target}\n".encode())
        elif entry.operator in (">&", "<&") and (target.isdigit() or target == "-"):
            self._duplicate(entry.fd, target, made)
        elif entry.operator == "<":
            self._set_input(entry.fd, self._opened(target, made), made)
        else:
            both = entry.operator.startswith("&") or entry.operator == ">&"
            writer = self._writer(target, append=entry.operator.endswith(">>"), made=made)
            self._set(entry.fd, writer, made)
            if both:
                self._set(2, writer, made)

    def _duplicate(self, fd: int, target: str, made: Streamset) -> None:
        if target == "-":
            if fd == 0:
                made.read = input_of(b"")
            else:
                self._set(fd, discard, made)
            return
        if fd == 0:
            return
        writer = {1: made.out, 2: made.err, **made.more}.get(int(target))
        if writer is None:
            raise RedirectionError(f"dup2({target},{fd}): Bad file descriptor")
        self._set(fd, writer, made)

    def _set(self, fd: int, writer: Writer, made: Streamset) -> None:
        if fd == 1:
            made.out = writer
        elif fd == 2:  # noqa: PLR2004 - standard error
            made.err = writer
        else:
            made.more[fd] = writer

    def _set_input(self, fd: int, data: Input, made: Streamset) -> None:
        if fd == 0:
            made.read = data

    def _opened(self, path: str, made: Streamset) -> Input:
        if path in ("/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"):
            return made.read
        try:
            if self._tree.is_folder(path, self._cwd):
                return input_of(b"")
            return input_of(self._tree.read(path, self._cwd))
        except OSError as error:
            word = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise RedirectionError(f"can't open {path}: {word}") from error

    def _writer(self, path: str, *, append: bool, made: Streamset) -> Writer:
        special = {
            "/dev/stdout": made.out, "/dev/stderr": made.err, "/dev/null": discard, "/dev/fd/1": made.out,
            "/dev/fd/2": made.err, "/proc/self/fd/1": made.out, "/proc/self/fd/2": made.err, "/dev/tty": made.out,
            "/proc/1/fd/1": made.out, "/proc/1/fd/2": made.err,
        }  # fmt: skip
        if path in special:
            return special[path]
        try:
            host = self._tree.writable(path, self._cwd)
            host.open("ab" if append else "wb").close()
        except OSError as error:
            word = _WORDS.get(error.strerror or "", error.strerror)
            raise RedirectionError(f"can't create {path}: {word}") from error
        return appending(host)
