"""Commands that turn bytes into other bytes: base64, checksums, gzip, tar, od, hexdump."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import posixpath
import tarfile
import zlib
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import CANT_OPEN, Inputs, Options, UsageError, bytes_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_LARGEST = 1 << 28


async def base_64(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Encode, or decode with ``-d``."""
    options = Options(arguments, "dw:i", ["decode", "wrap="])
    inputs = Inputs(shell, streams, "base64", options.operands)
    width = int(options.get("w", "wrap", default="76"))
    async for _, source in inputs.each():
        data = await source.all()
        if options.any("d", "decode"):
            try:
                await streams.out(base64.b64decode(b"".join(data.split()), validate=True))
            except binascii.Error:
                await streams.err(b"base64: truncated input\n")
                return 1
        else:
            text = base64.b64encode(data).decode()
            lines = [text[at : at + width] for at in range(0, len(text), width)] if width else [text]
            await streams.out(("\n".join(lines) + "\n" * bool(width and text)).encode())
    return int(inputs.failed)


async def checksum(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print or with ``-c`` check the checksums of files."""
    options = Options(arguments, "csw")
    command = arguments[0]
    inputs = Inputs(shell, streams, command, options.operands, CANT_OPEN)
    bad = 0
    async for name, source in inputs.each():
        data = await source.all()
        if "c" not in options:
            digest = hashlib.new(command.removesuffix("sum"), data, usedforsecurity=False).hexdigest()
            await streams.out(bytes_of(f"{digest}  {name}\n"))
            continue
        for line in data.decode(errors="replace").splitlines():
            wanted, _, path = line.partition("  ")
            content = shell.tree.read(path, shell.cwd) if shell.tree.exists(path, shell.cwd) else None
            good = (
                content is not None
                and hashlib.new(command.removesuffix("sum"), content, usedforsecurity=False).hexdigest() == wanted
            )
            bad += not good
            if "s" not in options:
                await streams.out(bytes_of(f"{path}: {'OK' if good else 'FAILED'}\n"))
    return int(inputs.failed or bad > 0)


async def compress(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``gzip``, ``gunzip`` or ``zcat``."""
    options = Options(arguments, "cdfktnq123456789v")
    decode = arguments[0] != "gzip" or "d" in options
    to_output = "c" in options or arguments[0] == "zcat" or not options.operands
    for name in options.operands or ["-"]:
        try:
            data = await streams.read.all() if name == "-" else shell.tree.read(name, shell.cwd)
            made = _inflated(data) if decode else gzip.compress(data, mtime=0)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            await streams.err(f"{arguments[0]}: invalid magic\n".encode())
            return 1
        if to_output:
            await streams.out(made)
            continue
        if decode and not name.endswith(".gz"):
            raise UsageError(f"{name}: unknown suffix - ignored")
        target = name.removesuffix(".gz") if decode else f"{name}.gz"
        shell.tree.writable(target, shell.cwd).write_bytes(made)
        if "k" not in options:
            shell.tree.writable(name, shell.cwd).unlink()
    return 0


def _inflated(data: bytes) -> bytes:
    made = zlib.decompressobj(31)
    result = made.decompress(data, _LARGEST)
    if made.unconsumed_tail:
        raise UsageError("the content is too large")
    if not made.eof:
        raise EOFError
    return result


def _tar_options(arguments: list[str]) -> Options:
    words = arguments[1:]
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
    return Options(
        ["tar", *words], "cxtzvf:C:OpkmhoJjaT:X:", ["exclude=", "strip-components=", "no-same-owner", "to-stdout"]
    )


async def tar(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Create, list or extract an archive; nothing is extracted outside the container's tree."""
    options = _tar_options(arguments)
    folder = options.get("C") or "."
    name = options.get("f", default="-")
    if "c" in options:
        made = _archive(shell, options, folder)
        if name == "-":
            await streams.out(made)
        else:
            shell.tree.writable(name, shell.cwd).write_bytes(made)
        return 0
    if not options.any("x", "t"):
        raise UsageError("must specify one of -c, -x or -t")
    data = await streams.read.all() if name == "-" else shell.tree.read(name, shell.cwd)
    try:
        return await _unpack(shell, options, folder, data, streams)
    except tarfile.TarError:
        await streams.err(b"tar: invalid tar magic\n")
        return 1


def _archive(shell: Shell, options: Options, folder: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if "z" in options else "w") as archive:
        for name in options.operands:
            _add(shell, archive, posixpath.join(folder, name), name)
    return buffer.getvalue()


def _add(shell: Shell, archive: tarfile.TarFile, path: str, name: str) -> None:
    entry = shell.tree.entry(path, shell.cwd, follow=False)
    info = tarfile.TarInfo(name.lstrip("/") or ".")
    info.mode, info.mtime = entry.mode & 0o7777, int(entry.modified)
    if entry.is_link:
        info.type, info.linkname = tarfile.SYMTYPE, entry.target
        archive.addfile(info)
    elif entry.is_folder:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
        for below in shell.tree.names(path, shell.cwd):
            _add(shell, archive, posixpath.join(path, below), posixpath.join(name, below))
    else:
        data = shell.tree.read(path, shell.cwd)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))


async def _unpack(shell: Shell, options: Options, folder: str, data: bytes, streams: Streamset) -> int:
    wanted = [name.rstrip("/") for name in options.operands]
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for member in archive:
            name = member.name.lstrip("/")
            if ".." in name.split("/"):
                await streams.err(f"tar: name with '..' skipped: '{member.name}'\n".encode())
                continue
            if wanted and not any(name == want or name.startswith(f"{want}/") for want in wanted):
                continue
            if options.any("t", "v"):
                await streams.out(bytes_of(f"{name}{'/' if member.isdir() else ''}\n"))
            if "x" in options:
                content = archive.extractfile(member) if member.isfile() else None
                await _extract(shell, member, posixpath.join(folder, name), content.read() if content else b"", streams,
                               show=options.any("O", "to-stdout"))  # fmt: skip
    return 0


async def _extract(
    shell: Shell, member: tarfile.TarInfo, path: str, content: bytes, streams: Streamset, *, show: bool
) -> None:
    if show:
        await streams.out(content)
        return
    place = shell.tree.writable(path, shell.cwd)
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink() and not shell.tree.is_mount(path, shell.cwd):
        place.unlink()
    if member.issym():
        shell.tree.link(member.linkname, path, shell.cwd)
    elif member.isfile():
        place.write_bytes(content)
        place.chmod(member.mode & 0o777)


async def dump(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``od``, ``hexdump`` or ``xxd``."""
    options = Options(arguments, "cCbdoxvA:t:n:s:N:j:w:p")
    inputs = Inputs(shell, streams, arguments[0], options.operands)
    data = b""
    async for _, source in inputs.each():
        data += await source.all()
    limit = options.get("n", "N")
    data = data[: int(limit)] if limit else data
    command = arguments[0]
    if command == "xxd" and "p" in options:
        await streams.out(f"{data.hex()}\n".encode())
        return 0
    canonical = "C" in options and command == "hexdump"
    await streams.out("".join(_dumped(data, command, options, canonical=canonical)).encode())
    return int(inputs.failed)


def _dumped(data: bytes, command: str, options: Options, *, canonical: bool) -> list[str]:
    made = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - printable ASCII
        if command == "xxd":
            pairs = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
            made.append(f"{at:08x}: {pairs:<39}  {text}\n")
        elif canonical:
            halves = "  ".join(" ".join(f"{byte:02x}" for byte in row[i : i + 8]) for i in (0, 8))
            made.append(f"{at:08x}  {halves:<48}  |{text}|\n")
        elif command == "hexdump":
            words = " ".join(f"{int.from_bytes(row[i : i + 2], 'little'):04x}" for i in range(0, len(row), 2))
            made.append(f"{at:07x} {words}\n")
        elif "c" in options:
            made.append(f"{_place(at, options)}{''.join(_char(byte) for byte in row)}\n")
        elif "x1" in options.get("t") or options.get("t") == "x1":
            made.append(f"{_place(at, options)}{''.join(f' {byte:02x}' for byte in row)}\n")
        else:
            words = " ".join(f"{int.from_bytes(row[i : i + 2], 'little'):06o}" for i in range(0, len(row), 2))
            made.append(f"{_place(at, options)} {words}\n")
    if command != "xxd" and data:
        made.append(f"{len(data):08x}\n" if canonical else f"{len(data):07x}\n" if command == "hexdump" else (
            "" if options.get("A") == "n" else f"{len(data):07o}\n"))  # fmt: skip
    return made


def _place(at: int, options: Options) -> str:
    return "" if options.get("A") == "n" else f"{at:07o}"


def _char(byte: int) -> str:
    known = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    return f"{known.get(byte) or (chr(byte) if 32 <= byte < 127 else f'{byte:03o}'):>4}"  # noqa: PLR2004


TABLE: Mapping[str, Applet] = {
    "base64": base_64, "md5sum": checksum, "sha1sum": checksum, "sha256sum": checksum, "sha512sum": checksum,
    "gzip": compress, "gunzip": compress, "zcat": compress, "tar": tar, "od": dump, "hexdump": dump, "xxd": dump,
}  # fmt: skip
