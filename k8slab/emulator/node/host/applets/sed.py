"""sed: addresses, ``s``, ``d``, ``p``, ``a``, ``i``, ``c``, ``y``, ``q``, ``n``, ``N``, hold space, branches."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import Options, UsageError, bytes_of, text_of
from k8slab.emulator.node.host.applets.sed_runner import SedRun
from k8slab.emulator.node.host.applets.sed_script import SedReader
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell


async def sed(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Edit streams, or files with ``-i``."""
    found = [f"-i{word[2:]}" if word.startswith("-i") else word for word in arguments]
    in_place = any(word.startswith("-i") for word in arguments[1:])
    found = [word for word in found if not word.startswith("-i")]
    options = Options(found, "nrEe:f:s", ["in-place", "quiet", "expression=", "regexp-extended"])
    operands = list(options.operands)
    scripts = options.all("e", "expression") + [text_of(shell.tree.read(name, shell.cwd)) for name in options.all("f")]
    if not scripts:
        if not operands:
            raise UsageError("usage: sed [-i] [-nrE] CMD [FILE]...")
        scripts = [operands.pop(0)]
    extended, quiet = options.any("r", "E", "regexp-extended"), options.any("n", "quiet")
    text = "\n".join(scripts)
    if in_place or "in-place" in options:
        return await _in_place(shell, text, operands, streams, extended=extended, quiet=quiet)
    commands = SedReader(text, extended=extended).read()
    code, lines = 0, []
    for name in operands or ["-"]:
        try:
            data = await streams.read.all() if name == "-" else shell.tree.read(name, shell.cwd)
            lines += text_of(data).split("\n")[: None if data and not data.endswith(b"\n") else -1]
        except OSError as error:
            await streams.err(f"sed: {name}: {error.strerror}\n".encode())
            code = 1
    run = SedRun(commands, lines, quiet=quiet)
    await streams.out(bytes_of(run.result()))
    return run.code or code


async def _in_place(
    shell: Shell, text: str, names: list[str], streams: Streamset, *, extended: bool, quiet: bool
) -> int:
    code = 0
    for name in names:
        try:
            lines = text_of(shell.tree.read(name, shell.cwd)).splitlines()
            run = SedRun(SedReader(text, extended=extended).read(), lines, quiet=quiet)
            shell.tree.writable(name, shell.cwd).write_bytes(bytes_of(run.result()))
        except OSError as error:
            await streams.err(f"sed: {name}: {error.strerror}\n".encode())
            code = 1
    return code


TABLE: Mapping[str, Applet] = {"sed": sed}
