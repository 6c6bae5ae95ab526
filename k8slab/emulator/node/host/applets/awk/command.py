"""The awk command: options, files, output as it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from k8slab.emulator.node.host.applets.arguments import Inputs, Options, UsageError, bytes_of, text_of
from k8slab.emulator.node.host.applets.awk.reader import read, unescape
from k8slab.emulator.node.host.applets.awk.runner import Exit, Runner
from k8slab.emulator.node.host.applets.awk.values import LooksNumeric
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell


async def awk(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run an awk program over the lines of files."""
    options = Options(arguments, "F:v:f:", mixed=False)
    operands = list(options.operands)
    texts = [text_of(shell.tree.read(name, shell.cwd)) for name in options.all("f")]
    if not texts:
        if not operands:
            raise UsageError("usage: awk [-F FS] [-v NAME=VALUE] 'PROGRAM' [FILE]...")
        texts = [operands.pop(0)]
    variables = dict(word.split("=", 1) for word in options.all("v") if "=" in word)
    if "F" in options:
        variables["FS"] = "\t" if options.get("F") == "t" else options.get("F")
    runner = Runner(
        read("\n".join(texts)), {name: unescape(value) for name, value in variables.items()}, _writer(shell)
    )
    runner.set("ENVIRON", {name: LooksNumeric(value) for name, value in shell.context.env.items()})
    return await _run(shell, runner, operands, streams)


def _writer(shell: Shell) -> Callable[[str, str, bool], None]:
    begun: set[str] = set()

    def write(name: str, made: str, append: bool) -> None:
        if name in ("/dev/null", "/dev/stderr"):
            return
        path = shell.tree.writable(name, shell.cwd)
        with path.open("ab" if append or name in begun else "wb") as stream:
            stream.write(bytes_of(made))
        begun.add(name)

    return write


async def _run(shell: Shell, runner: Runner, operands: list[str], streams: Streamset) -> int:
    inputs = Inputs(shell, streams, "awk", [])
    try:
        runner.special("begin")
        if runner.wants_input():
            inputs = await _lines(shell, runner, operands, streams)
    except Exit:
        pass
    with suppress(Exit):
        runner.special("end")
    await _flush(runner, streams)
    return runner.code or 2 * int(inputs.failed)


async def _lines(shell: Shell, runner: Runner, operands: list[str], streams: Streamset) -> Inputs:
    names = [name for name in operands if "=" not in name]
    for word in operands:
        if "=" in word:
            name, _, value = word.partition("=")
            runner.set(name, LooksNumeric(value))
    inputs = Inputs(shell, streams, "awk", names)
    async for name, source in inputs.each():
        runner.set("FILENAME", "" if name == "-" else name)
        runner.set("FNR", 0.0)
        while line := await source.line():
            runner.line(text_of(line).removesuffix("\n"))
            await _flush(runner, streams)
    return inputs


async def _flush(runner: Runner, streams: Streamset) -> None:
    if runner.out:
        await streams.out(bytes_of("".join(runner.out)))
        runner.out.clear()


TABLE: Mapping[str, Applet] = {"awk": awk}
