"""Commands that show files: ls, stat, du, df, find."""

from __future__ import annotations

import posixpath
import re
import stat
import time
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import Options, UsageError, bytes_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.files import Entry
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.patterns import matches

_HALF_A_YEAR = 182.5 * 86400
_LETTERS = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFSOCK: "s", stat.S_IFIFO: "p"}
_WIDTH = 80
_KIB = 1024


def permissions(mode: int) -> str:
    """Return ``drwxr-xr-x``."""
    return stat.filemode(mode)


def _size(number: int, options: Options) -> str:
    if "h" not in options:
        return str(number)
    value, unit = float(number), ""
    for unit in ("", "K", "M", "G"):  # noqa: B007 - the last unit is used below
        if value < 1024:  # noqa: PLR2004
            break
        value /= 1024
    return f"{value:.1f}{unit}" if unit else str(number)


def _when(seconds: float) -> str:
    then = time.gmtime(seconds)
    recent = abs(time.time() - seconds) < _HALF_A_YEAR
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", then)


class _Listing:
    def __init__(self, shell: Shell, streams: Streamset, options: Options) -> None:
        self._shell = shell
        self._streams = streams
        self._options = options
        self.failed = False

    async def run(self, names: list[str]) -> None:
        files: list[Entry] = []
        folders: list[Entry] = []
        for name in names:
            try:
                entry = self._entry(name, name)
            except OSError as error:
                await self._complain(name, error)
                continue
            follow = not (entry.is_link and self._options.any("l", "d"))
            is_folder = self._shell.tree.is_folder(name, self._shell.cwd) and follow
            (folders if is_folder and "d" not in self._options else files).append(entry)
        await self._show(self._sorted(files))
        for index, folder in enumerate(self._sorted(folders)):
            titled = len(names) > 1 or "R" in self._options
            await self._folder(folder.name, titled=titled, first=index == 0 and not files)

    def _entry(self, path: str, name: str) -> Entry:
        found = self._shell.tree.entry(path, self._shell.cwd, follow=False)
        return Entry(name, found.mode, found.size, found.modified, found.links, found.target, found.inode)

    async def _complain(self, name: str, error: OSError) -> None:
        self.failed = True
        await self._streams.err(f"ls: {name}: {error.strerror}\n".encode())

    def _sorted(self, entries: list[Entry]) -> list[Entry]:
        key = (lambda e: (-e.modified, e.name)) if "t" in self._options else (lambda e: (-e.size, e.name)) if (
            "S" in self._options
        ) else (lambda e: (0, e.name))  # fmt: skip
        return sorted(entries, key=key, reverse="r" in self._options)

    async def _folder(self, path: str, *, titled: bool, first: bool) -> None:
        if titled:
            await self._streams.out(bytes_of(f"{'' if first else chr(10)}{path}:\n"))
        names = self._shell.tree.names(path, self._shell.cwd)
        hidden = self._options.any("a", "A")
        names = [name for name in names if hidden or not name.startswith(".")]
        if "a" in self._options:
            names = [".", "..", *names]
        entries = []
        for name in names:
            try:
                entries.append(self._entry(posixpath.join(path, name), name))
            except OSError as error:
                await self._complain(posixpath.join(path, name), error)
        if self._options.any("l", "s"):
            blocks = sum((entry.size + 4095) // 4096 * 4 for entry in entries)
            await self._streams.out(f"total {blocks}\n".encode())
        await self._show(self._sorted(entries))
        if "R" in self._options:
            for entry in self._sorted(entries):
                if entry.is_folder and entry.name not in (".", ".."):
                    await self._folder(posixpath.join(path, entry.name), titled=True, first=False)

    async def _show(self, entries: list[Entry]) -> None:
        lines = [self._line(entry) for entry in entries]
        if self._streams.terminal and not self._options.any("l", "1", "n"):
            await self._streams.out(bytes_of(_columns(lines)))
        elif lines:
            await self._streams.out(bytes_of("".join(f"{line}\n" for line in lines)))

    def _line(self, entry: Entry) -> str:
        mark = "/" if self._options.any("p", "F") and entry.is_folder else ""
        number = f"{entry.inode:7d} " if "i" in self._options else ""
        if not self._options.any("l", "n"):
            return f"{number}{entry.name}{mark}"
        owner = "0        0       " if "n" in self._options else "root     root    "
        arrow = f" -> {entry.target}" if entry.is_link else ""
        return (
            f"{number}{permissions(entry.mode)} {entry.links:4d} {owner} {_size(entry.size, self._options):>9} "
            f"{_when(entry.modified)} {entry.name}{mark}{arrow}"
        )


def _columns(names: list[str]) -> str:
    if not names:
        return ""
    width = max(len(name) for name in names) + 2
    across = max(_WIDTH // width, 1)
    rows = -(-len(names) // across)
    lines = ["".join(f"{name:<{width}}" for name in names[row::rows]).rstrip() for row in range(rows)]
    return "".join(f"{line}\n" for line in lines)


async def ls(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """List files."""
    words = ["ls", "-l", *arguments[1:]] if arguments[0] == "ll" else arguments
    options = Options(words, "1AaCxdLHRFplinshrSXvctuw:", ["color=", "color", "full-time", "group-directories-first"])
    run = _Listing(shell, streams, options)
    await run.run(options.operands or ["."])
    return int(run.failed)


_KINDS = {stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link", stat.S_IFCHR: "character special file",
          stat.S_IFSOCK: "socket"}  # fmt: skip


async def show_stat(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show what is known of files; ``-c`` by a format."""
    options = Options(arguments, "c:Lft", ["format="])
    code = 0
    if not options.operands:
        raise UsageError("missing operand")
    for name in options.operands:
        try:
            entry = shell.tree.entry(name, shell.cwd, follow="L" in options)
        except OSError as error:
            await streams.err(f"stat: can't stat '{name}': {error.strerror}\n".encode())
            code = 1
            continue
        await streams.out(bytes_of(_stat_text(entry, options.get("c", "format"))))
    return code


def _stat_text(entry: Entry, form: str) -> str:
    kind = _KINDS.get(stat.S_IFMT(entry.mode), "regular file" if entry.size else "regular empty file")
    when = time.strftime("%Y-%m-%d %H:%M:%S.000000000 +0000", time.gmtime(entry.modified))
    shown = f"'{entry.name}' -> '{entry.target}'" if entry.is_link else entry.name
    values = {
        "n": entry.name, "N": shown, "s": str(entry.size), "a": f"{stat.S_IMODE(entry.mode):o}",
        "A": permissions(entry.mode), "F": kind, "u": "0", "g": "0", "U": "root", "G": "root", "h": str(entry.links),
        "i": str(entry.inode), "y": when, "Y": str(int(entry.modified)), "x": when, "z": when, "b": str(
            (entry.size + 511) // 512), "B": "512", "o": "4096",
    }  # fmt: skip
    if form:
        return re.sub(r"%([a-zA-Z])", lambda match: values.get(match[1], match[0]), form) + "\n"
    return (
        f"  File: {shown}\n  Size: {entry.size:<10}\tBlocks: {values['b']:<10} IO Block: 4096   {kind}\n"
        f"Device: 0h/0d\tInode: {entry.inode:<10}  Links: {entry.links}\n"
        f"Access: (0{values['a']}/{values['A']})  Uid: (    0/    root)   Gid: (    0/    root)\n"
        f"Access: {when}\nModify: {when}\nChange: {when}\n"
    )


async def du(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show the space that folders take."""
    options = Options(arguments, "aHLd:clsxhmk")
    code = 0

    async def walk(path: str, depth: int) -> int:
        size = (
            4 if shell.tree.is_folder(path, shell.cwd) else (shell.tree.entry(path, shell.cwd).size + 4095) // 4096 * 4
        )
        if shell.tree.is_folder(path, shell.cwd):
            for name in shell.tree.names(path, shell.cwd):
                below = posixpath.join(path, name)
                if not shell.tree.link_target(below, shell.cwd) and not below.startswith(("/proc", "/sys", "/dev")):
                    size += await walk(below, depth + 1)
            shown = depth == 0 or ("s" not in options and depth <= options.number("d", default=99))
        else:
            shown = depth == 0 or "a" in options
        if shown:
            amount = f"{size}{'.0K' if 'h' in options else ''}"
            if "h" in options and size > _KIB:
                amount = f"{size / _KIB:.1f}M"
            await streams.out(bytes_of(f"{amount}\t{path}\n"))
        return size

    for name in options.operands or ["."]:
        try:
            shell.tree.entry(name, shell.cwd)
        except OSError as error:
            await streams.err(f"du: {name}: {error.strerror}\n".encode())
            code = 1
            continue
        await walk(name, 0)
    return code


async def df(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show the file system of the container."""
    human = "h" in Options(arguments, "PkhmTait")
    total, used = ("3.8G", "0") if human else ("4000000", "0")
    head = f"Filesystem           {'     Size' if human else '1K-blocks'}      Used Available Use% Mounted on\n"
    await streams.out(f"{head}overlay {total:>22} {used:>9} {total:>9}   0% /\n".encode())
    return 0


class _Find:
    """The tests and actions of ``find``, read from the words after the paths."""

    def __init__(self, shell: Shell, streams: Streamset, words: list[str]) -> None:
        self._shell = shell
        self._streams = streams
        self._words = words
        self._place = 0
        self.depth = (0, 1 << 30)
        self.acts = False
        self._path = ""
        self._entry = Entry("", 0, 0, 0.0)
        self._batch: list[tuple[list[str], list[str]]] = []

    async def matches(self, path: str, entry: Entry) -> bool:
        self._path, self._entry, self._place = path, entry, 0
        return await self._or() if self._words else True

    async def finish(self) -> None:
        for command, paths in self._batch:
            if paths:
                await self._shell.execute([*command, *paths], self._streams)

    def _peek(self) -> str:
        return self._words[self._place] if self._place < len(self._words) else ""

    def _take(self) -> str:
        word = self._peek()
        if not word:
            raise UsageError("missing argument")
        self._place += 1
        return word

    async def _or(self) -> bool:
        value = await self._and(live=True)
        while self._peek() in ("-o", "-or"):
            self._place += 1
            value = await self._and(live=not value) or value
        return value

    async def _and(self, *, live: bool) -> bool:
        value = live
        while self._peek() not in ("", "-o", "-or", ")"):
            if self._peek() in ("-a", "-and"):
                self._place += 1
            value = await self._one(live=value) and value
        return value

    async def _one(self, *, live: bool) -> bool:
        word = self._take()
        if word in ("!", "-not"):
            return not await self._one(live=live)
        if word == "(":
            value = await self._or() if live else await self._skip_group()
            self._place += self._peek() == ")"
            return value
        if word in ("-print", "-print0", "-delete", "-prune", "-quit"):
            return await self._act(word, live=live)
        if word in ("-exec", "-ok"):
            return await self._execute(live=live)
        return self._test(word, self._take())

    async def _skip_group(self) -> bool:
        depth = 1
        while depth and self._peek():
            word = self._take()
            depth += (word == "(") - (word == ")")
        self._place -= 1
        return False

    async def _act(self, word: str, *, live: bool) -> bool:
        self.acts = True
        if live and word.startswith("-print"):
            await self._streams.out(bytes_of(self._path + ("\0" if word.endswith("0") else "\n")))
        elif live and word == "-delete":
            path = self._shell.tree.writable(self._path, self._shell.cwd)
            path.rmdir() if self._entry.is_folder else path.unlink()
        return True

    async def _execute(self, *, live: bool) -> bool:
        self.acts = True
        command: list[str] = []
        while self._peek() not in (";", "+", ""):
            command.append(self._take())
        many = self._take() == "+"
        if not live:
            return False
        if many:
            base = [word for word in command if word != "{}"]
            found = next((paths for known, paths in self._batch if known == base), None)
            if found is None:
                found = []
                self._batch.append((base, found))
            found.append(self._path)
            return True
        return await self._shell.execute([word.replace("{}", self._path) for word in command], self._streams) == 0

    def _test(self, word: str, value: str) -> bool:  # noqa: PLR0911 - one return for each test
        entry, name = self._entry, posixpath.basename(self._path.rstrip("/")) or "/"
        if word in ("-name", "-iname"):
            return matches(name, value) if word == "-name" else matches(name.lower(), value.lower())
        if word in ("-path", "-wholename"):
            return matches(self._path, value)
        if word == "-type":
            letters = {"f": stat.S_ISREG, "d": stat.S_ISDIR, "l": stat.S_ISLNK, "c": stat.S_ISCHR, "s": stat.S_ISSOCK}
            return value in letters and letters[value](entry.mode)
        if word in ("-maxdepth", "-mindepth"):
            low, high = self.depth
            self.depth = (low, int(value)) if word == "-maxdepth" else (int(value), high)
            return True
        if word in ("-mtime", "-mmin"):
            unit = 86400 if word == "-mtime" else 60
            return _compared(int((time.time() - entry.modified) / unit), value)
        if word == "-size":
            unit = {"c": 1, "k": 1024, "M": 1 << 20}.get(value[-1], 512)
            return _compared(-(-entry.size // unit), value.rstrip("ckMGb"))
        if word == "-perm":
            return stat.S_IMODE(entry.mode) & int(value.lstrip("-/"), 8) == int(value.lstrip("-/"), 8)
        if word in ("-user", "-group"):
            return value in ("root", "0")
        if word == "-newer":
            return entry.modified > self._shell.tree.entry(value, self._shell.cwd).modified
        raise UsageError(f"unrecognized: {word}")


def _compared(number: int, wanted: str) -> bool:
    amount = int(wanted.lstrip("+-") or 0)
    return (
        number > amount if wanted.startswith("+") else number < amount if wanted.startswith("-") else number == amount
    )


async def find(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Walk folders and print, run or remove what matches."""
    words = arguments[1:]
    split = next((i for i, word in enumerate(words) if word.startswith("-") or word in ("(", "!")), len(words))
    run = _Find(shell, streams, words[split:])
    for word, value in zip(words[split:], words[split + 1 :], strict=False):
        if word in ("-maxdepth", "-mindepth"):
            run._test(word, value)  # noqa: SLF001 - a class of this file
    code = 0
    for name in words[:split] or ["."]:
        code |= await _walk(shell, run, name, 0, streams)
    await run.finish()
    return code


async def _walk(shell: Shell, run: _Find, path: str, depth: int, streams: Streamset) -> int:
    try:
        entry = shell.tree.entry(path, shell.cwd, follow=False)
    except OSError as error:
        await streams.err(f"find: {path}: {error.strerror}\n".encode())
        return 1
    below = entry.is_folder and depth < run.depth[1]
    names = shell.tree.names(path, shell.cwd) if below else []
    if depth >= run.depth[0] and await run.matches(path, entry) and not run.acts:
        await streams.out(bytes_of(f"{path}\n"))
    code = 0
    for name in names:
        code |= await _walk(shell, run, posixpath.join(path, name), depth + 1, streams)
    return code


TABLE: Mapping[str, Applet] = {"ls": ls, "ll": ls, "stat": show_stat, "du": du, "df": df, "find": find}
