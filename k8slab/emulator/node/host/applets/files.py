"""Commands that change files: mkdir, rm, cp, mv, ln, touch, chmod; and that name them: basename, readlink, mktemp."""

from __future__ import annotations

import errno
import os
import posixpath
import re
import secrets
import time
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import Options, UsageError
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.files import Tree, absolute
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_FORCE = ("f", "force")


async def mkdir(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Make folders."""
    options = Options(arguments, "pm:v", ["parents", "mode="])
    code = 0
    for name in _needed(options):
        try:
            path = shell.tree.writable(name, shell.cwd)
            if options.any("p", "parents"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.mkdir()
            if options.get("m", "mode"):
                path.chmod(_mode(options.get("m", "mode"), 0o777))
        except OSError as error:
            await streams.err(f"mkdir: can't create directory '{name}': {error.strerror}\n".encode())
            code = 1
    return code


def _needed(options: Options, count: int = 1) -> list[str]:
    if len(options.operands) < count:
        raise UsageError("missing operand")
    return options.operands


async def rmdir(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Remove empty folders."""
    code = 0
    for name in _needed(Options(arguments, "p")):
        try:
            _free(shell.tree, name, shell.cwd)
            shell.tree.writable(name, shell.cwd).rmdir()
        except OSError as error:
            await streams.err(f"rmdir: '{name}': {error.strerror}\n".encode())
            code = 1
    return code


def _free(tree: Tree, name: str, cwd: str) -> None:
    if tree.is_mount(name, cwd):
        raise OSError(errno.EBUSY, "Device or resource busy", name)


async def rm(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Remove files, with ``-r`` folders; mounted volumes stay."""
    options = Options(arguments, "rRfiv", ["recursive", "force"])
    recursive, force = options.any("r", "R", "recursive"), options.any(*_FORCE)
    code = 0
    for name in options.operands if force else _needed(options):
        try:
            _remove(shell.tree, name, shell.cwd, recursive=recursive)
        except FileNotFoundError as error:
            if not force:
                await streams.err(f"rm: can't remove '{name}': {error.strerror}\n".encode())
                code = 1
        except OSError as error:
            form = f"rm: '{name}' is a directory" if error.errno == errno.EISDIR else (
                f"rm: can't remove '{name}': {error.strerror}"
            )  # fmt: skip
            await streams.err(f"{form}\n".encode())
            code = 1
    return code


def _remove(tree: Tree, name: str, cwd: str, *, recursive: bool) -> None:
    if posixpath.basename(name.rstrip("/")) in (".", ".."):
        raise OSError(errno.EINVAL, "Invalid argument", name)
    _free(tree, name, cwd)
    path = tree.writable(name, cwd)
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        if not recursive:
            raise OSError(errno.EISDIR, "Is a directory", name)
        for entry in tree.names(name, cwd):
            _remove(tree, posixpath.join(name, entry), cwd, recursive=True)
        if path != tree.host("/"):
            path.rmdir()
    else:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", name)


def _target(tree: Tree, source: str, target: str, cwd: str) -> str:
    if tree.is_folder(target, cwd):
        return posixpath.join(target, posixpath.basename(source.rstrip("/")))
    return target


async def cp(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Copy files, with ``-r`` folders."""
    options = Options(arguments, "rRafpdLPvinuT", ["recursive"])
    *sources, target = _needed(options, 2)
    recursive = options.any("r", "R", "a", "recursive")
    code = 0
    if len(sources) > 1 and not shell.tree.is_folder(target, shell.cwd):
        raise UsageError(f"target '{target}' is not a directory")
    for source in sources:
        try:
            copy(shell.tree, source, _target(shell.tree, source, target, shell.cwd), shell.cwd, recursive=recursive)
        except OSError as error:
            await streams.err(f"cp: {_copy_words(error, source)}\n".encode())
            code = 1
    return code


def _copy_words(error: OSError, source: str) -> str:
    if error.errno == errno.EISDIR:
        return f"omitting directory '{source}'"
    if error.filename == source:
        return f"can't stat '{source}': {error.strerror}"
    return f"can't create '{error.filename}': {error.strerror}"


def copy(tree: Tree, source: str, target: str, cwd: str, *, recursive: bool) -> None:
    """Copy a file, or a folder with everything in it; raises ``OSError``."""
    if not tree.exists(source, cwd):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", source)
    if tree.is_folder(source, cwd):
        if not recursive:
            raise OSError(errno.EISDIR, "Is a directory", source)
        if f"{absolute(target, cwd)}/".startswith(f"{absolute(source, cwd)}/"):
            raise OSError(errno.EINVAL, "Invalid argument", target)
        tree.writable(target, cwd).mkdir(exist_ok=True)
        for name in tree.names(source, cwd):
            copy(tree, posixpath.join(source, name), posixpath.join(target, name), cwd, recursive=True)
        return
    data, mode = tree.read(source, cwd), tree.entry(source, cwd).mode
    if absolute(target, cwd) == "/dev/null":
        return
    try:
        place = tree.writable(target, cwd)
        new = not place.exists()
        place.write_bytes(data)
        if new:
            place.chmod(mode & 0o777)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from error


async def mv(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Move or rename."""
    options = Options(arguments, "finvT")
    *sources, target = _needed(options, 2)
    code = 0
    for source in sources:
        try:
            place = _target(shell.tree, source, target, shell.cwd)
            _free(shell.tree, source, shell.cwd)
            path = shell.tree.writable(source, shell.cwd)
            if not path.is_symlink() and not path.exists():
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", source)
            if path.is_symlink() and str(path.readlink()).startswith(".."):
                # A link of a volume's own; its text means something only where it stands.
                raise PermissionError(errno.EACCES, "Permission denied", source)
            path.replace(shell.tree.writable(place, shell.cwd))
        except OSError as error:
            await streams.err(f"mv: can't rename '{source}': {error.strerror}\n".encode())
            code = 1
    return code


async def ln(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Make links."""
    options = Options(arguments, "sfnvT", ["symbolic", "force"])
    *targets, place = options.operands if len(options.operands) > 1 else [*_needed(options), "."]
    code = 0
    for target in targets:
        name = _target(shell.tree, target, place, shell.cwd) if "n" not in options else place
        try:
            if options.any(*_FORCE) and (shell.tree.exists(name, shell.cwd) or shell.tree.link_target(name, shell.cwd)):
                _free(shell.tree, name, shell.cwd)
                shell.tree.writable(name, shell.cwd).unlink()
            if options.any("s", "symbolic"):
                shell.tree.link(target, name, shell.cwd)
            else:
                os.link(shell.tree.host(target, shell.cwd), shell.tree.writable(name, shell.cwd))
        except OSError as error:
            await streams.err(f"ln: {name}: {error.strerror}\n".encode())
            code = 1
    return code


async def touch(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Make files, or set their time."""
    options = Options(arguments, "camd:t:r:h", ["date=", "no-create"])
    code = 0
    for name in _needed(options):
        try:
            path = shell.tree.writable(name, shell.cwd)
            if not options.any("c", "no-create") or path.exists():
                path.touch()
            if options.get("d", "date"):
                when = _time_of(options.get("d", "date"))
                os.utime(path, (when, when))
        except OSError as error:
            await streams.err(f"touch: {name}: {error.strerror}\n".encode())
            code = 1
    return code


def _time_of(text: str) -> float:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "@%s"):
        try:
            return time.mktime(time.strptime(text, form))
        except ValueError:
            continue
    if re.fullmatch(r"@\d+", text):
        return float(text[1:])
    raise UsageError(f"invalid date '{text}'")


def _mode(text: str, before: int) -> int:
    if re.fullmatch(r"[0-7]{1,4}", text):
        return int(text, 8)
    mode = before & 0o7777
    for part in text.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxXst]*)", part)
        if match is None:
            raise UsageError(f"invalid mode '{text}'")
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in set(match[3]))
        who = match[1].replace("a", "ugo") or "ugo"
        mask = sum(bits << {"u": 6, "g": 3, "o": 0}[letter] for letter in set(who))
        everyone = sum(7 << {"u": 6, "g": 3, "o": 0}[letter] for letter in set(who))
        mode = mode | mask if match[2] == "+" else mode & ~mask if match[2] == "-" else mode & ~everyone | mask
    return mode


async def chmod(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Change permission bits; ``chown`` and ``chgrp`` change nothing, as one user owns all files here."""
    command = arguments[0]
    words = [word for word in arguments[1:] if not re.fullmatch(r"-[RvfcH]+", word)]
    recursive = any(re.fullmatch(r"-[vfc]*R[vfc]*", word) for word in arguments[1:])
    if len(words) < 2:  # noqa: PLR2004 - mode and file
        raise UsageError("missing operand")
    code = 0
    for name in words[1:]:
        try:
            for path in [name, *(_below(shell, name) if recursive else [])]:
                place = shell.tree.writable(path, shell.cwd)
                before = place.stat().st_mode
                if command == "chmod":
                    # The owner keeps the right to read and remove what lies in the lab's own folder.
                    place.chmod(_mode(words[0], before) & 0o777)
        except OSError as error:
            await streams.err(f"{command}: {name}: {error.strerror}\n".encode())
            code = 1
    return code


def _below(shell: Shell, name: str) -> list[str]:
    found: list[str] = []
    if shell.tree.is_folder(name, shell.cwd):
        for entry in shell.tree.names(name, shell.cwd):
            path = posixpath.join(name, entry)
            if not shell.tree.link_target(path, shell.cwd):
                found += [path, *_below(shell, path)]
    return found


async def names(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``basename`` or ``dirname``."""
    options = Options(arguments, "as:")
    operands = _needed(options)
    if arguments[0] == "dirname":
        shown = [posixpath.dirname(name.rstrip("/")) or ("/" if name.startswith("/") else ".") for name in operands]
    else:
        suffix = options.get("s") or (operands[1] if len(operands) > 1 and "a" not in options else "")
        operands = operands if options.any("a", "s") else operands[:1]
        shown = [posixpath.basename(name.rstrip("/")) or "/" for name in operands]
        shown = [name.removesuffix(suffix) if name != suffix else name for name in shown]
    await streams.out("".join(f"{name}\n" for name in shown).encode())
    return 0


async def readlink(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show where links lead: ``readlink`` or ``realpath``."""
    options = Options(arguments, "fnemqs")
    code = 0
    for name in _needed(options):
        if arguments[0] == "realpath" or options.any("f", "e", "m"):
            shown = _resolved(shell, name)
            if not shell.tree.exists(posixpath.dirname(shown)):
                shown = ""
        else:
            shown = shell.tree.link_target(name, shell.cwd)
        if shown:
            await streams.out(f"{shown}{'' if 'n' in options else chr(10)}".encode())
        else:
            code = 1
            if arguments[0] == "realpath":
                await streams.err(f"realpath: {name}: No such file or directory\n".encode())
    return code


def _resolved(shell: Shell, name: str) -> str:
    path = absolute(name, shell.cwd)
    for _ in range(40):
        parts, made = path.strip("/").split("/"), "/"
        for index, part in enumerate(parts):
            made = posixpath.join(made, part)
            target = shell.tree.link_target(made)
            if target:
                path = absolute(posixpath.join(target, *parts[index + 1 :]), posixpath.dirname(made))
                break
        else:
            return path
    return path


async def mktemp(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Make a file or folder with a new name."""
    options = Options(arguments, "dp:tqu")
    template = options.operands[0] if options.operands else "/tmp/tmp.XXXXXX"  # noqa: S108 - the container's own
    name = re.sub(r"X{6,}$", lambda match: secrets.token_hex(len(match[0]))[: len(match[0])], template)
    if options.get("p"):
        name = posixpath.join(options.get("p"), posixpath.basename(name))
    path = shell.tree.writable(name, shell.cwd)
    path.mkdir(mode=0o700) if "d" in options else path.touch(mode=0o600, exist_ok=False)
    await streams.out(f"{name}\n".encode())
    return 0


async def truncate(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Set the size of files."""
    options = Options(arguments, "cs:")
    for name in _needed(options):
        with shell.tree.writable(name, shell.cwd).open("ab") as stream:
            stream.truncate(min(int(options.get("s", default="0")), 1 << 26))
    return 0


TABLE: Mapping[str, Applet] = {
    "mkdir": mkdir, "rmdir": rmdir, "rm": rm, "cp": cp, "mv": mv, "ln": ln, "touch": touch, "chmod": chmod,
    "chown": chmod, "chgrp": chmod, "basename": names, "dirname": names, "readlink": readlink, "realpath": readlink,
    "mktemp": mktemp, "truncate": truncate,
}  # fmt: skip
