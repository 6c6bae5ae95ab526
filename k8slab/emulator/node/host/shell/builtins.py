"""The shell's own commands that change the shell itself (POSIX, 2.14, and busybox ash)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.processes import SIGNALS, signal_number
from k8slab.emulator.node.host.shell.arithmetic import Evaluator, ExpressionError
from k8slab.emulator.node.host.shell.files import absolute
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.jobs import foreground, jobs, kill, wait
from k8slab.emulator.node.host.shell.parser import parse
from k8slab.emulator.node.host.shell.state import (
    ExitShellError,
    LoopControlError,
    ReturnError,
    ShellError,
)
from k8slab.emulator.node.host.shell.syntax import ShellSyntaxError
from k8slab.emulator.node.host.shell.variables import export, getopts, local, read, set_options, shift, unset


async def cd(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Change the working folder."""
    words = [word for word in arguments[1:] if word not in ("-P", "-L", "--")]
    target = words[0] if words else shell.get("HOME") or "/"
    target = shell.get("OLDPWD") or "/" if target == "-" else target
    if not shell.tree.is_folder(target, shell.cwd):
        reason = "Not a directory" if shell.tree.exists(target, shell.cwd) else "No such file or directory"
        await shell.complain(f"can't cd to {target}: {reason}", streams, builtin="cd")
        return 1 if shell.name == "bash" else 2
    before, shell.context.cwd = shell.cwd, absolute(target, shell.cwd)
    shell.assign("OLDPWD", before)
    shell.assign("PWD", shell.cwd)
    if words[:1] == ["-"]:
        await streams.out(f"{shell.cwd}\n".encode())
    return 0


async def leave(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Run ``exit``."""
    raise ExitShellError(_number(shell, arguments) & 255)


async def give_back(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Run ``return``."""
    raise ReturnError(_number(shell, arguments) & 255)


def _number(shell: Shell, arguments: list[str]) -> int:
    if len(arguments) < 2:  # noqa: PLR2004 - the command alone
        return shell.state.last
    if not re.fullmatch(r"-?\d+", arguments[1]):
        raise ShellError(f"{arguments[0]}: line 0: Illegal number: {arguments[1]}")
    return int(arguments[1])


async def loop_control(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Run ``break`` or ``continue``; outside a loop they do nothing."""
    if shell.state.loops:
        raise LoopControlError(arguments[0], _number(shell, arguments) if arguments[1:] else 1)
    return 0


async def evaluate(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``eval``."""
    return await _text(shell, " ".join(arguments[1:]), streams, "eval")


async def _text(shell: Shell, text: str, streams: Streamset, builtin: str) -> int:
    try:
        script = parse(text)
    except ShellSyntaxError as error:
        await shell.complain(str(error), streams, builtin=builtin)
        raise ExitShellError(2) from error
    shell.state.last = 0 if not script.items else shell.state.last
    return await shell.run(script, streams)


async def source(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``.``: a file in this shell."""
    name = arguments[1] if arguments[1:] else ""
    try:
        text = shell.tree.read(name, shell.cwd).decode(errors="surrogateescape")
    except OSError as error:
        await shell.complain(f"can't open '{name}': {error.strerror}", streams, builtin=arguments[0])
        raise ExitShellError(2) from error
    before = shell.state.arguments
    if arguments[2:]:
        shell.state.arguments = [before[0], *arguments[2:]]
    try:
        return await _text(shell, text, streams, arguments[0])
    except ReturnError as error:
        return error.code
    finally:
        shell.state.arguments = before


async def execute(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``exec``: a program takes the place of the shell."""
    found = shell.system.locate(arguments[1], shell.path, shell.tree, shell.cwd)
    if isinstance(found, str):
        await shell.complain(f"{arguments[1]}: {found}", streams, builtin="exec")
        raise ExitShellError(126 if found == "Permission denied" else 127)
    shell.replaced = True
    shell.state.traps.clear()
    raise ExitShellError(await shell.program(arguments[1:], streams))


async def trap(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``trap``: what to do when a signal comes."""
    words = [word for word in arguments[1:] if word != "--"]
    if not words or words == ["-p"]:
        names = {number: name for name, number in SIGNALS.items()} | {0: "EXIT"}
        lines = [f"trap -- '{text}' {names[number]}\n" for number, text in sorted(shell.state.traps.items())]
        await streams.out("".join(lines).encode())
        return 0
    resets = words[0] == "-" or (len(words) == 1) or words[0].isdigit()
    action, names_given = ("-", words[words[0] == "-" :]) if resets else (words[0], words[1:])
    for name in names_given:
        number = signal_number(name)
        if number is None:
            await shell.complain(f"{name}: invalid signal specification", streams, builtin="trap")
            return 1
        if action == "-":
            shell.state.traps.pop(number, None)
        else:
            shell.state.traps[number] = action
    shell.state.process.handler = shell.signal
    return 0


async def command(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``command``: past functions, or ``-v`` to see what a name is."""
    words = arguments[1:]
    if words[:1] in (["-v"], ["-V"]):
        code = 0
        for name in words[1:]:
            code |= await _what(shell, name, streams, long=words[0] == "-V")
        return code
    if words[:1] == ["-p"]:
        words = words[1:]
    if not words:
        return 0
    builtin = shell.system.builtins.get(words[0])
    return await (builtin(shell, words, streams) if builtin else shell.program(words, streams))


_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "{", "}", "!"}
)


async def _what(shell: Shell, name: str, streams: Streamset, *, long: bool) -> int:
    kind, shown = "", name
    if name in _KEYWORDS:
        kind = f"{name} is a shell keyword"
    elif name in shell.state.functions:
        kind = f"{name} is a function"
    elif name in shell.system.builtins:
        kind = f"{name} is a shell builtin"
    elif not isinstance(found := shell.system.locate(name, shell.path, shell.tree, shell.cwd), str):
        del found
        shown = name if "/" in name else where_is(shell, name)
        kind = f"{name} is {shown}"
    if not kind:
        if long:
            await streams.out(f"{name}: not found\n".encode())
        return 127
    await streams.out(f"{kind if long else shown}\n".encode())
    return 0


def where_is(shell: Shell, name: str) -> str:
    """Return the path of a program that ``PATH`` finds."""
    if name in shell.system.applets:
        return f"/bin/{name}"
    folders = shell.get("PATH").split(":")
    return next((f"{folder}/{name}" for folder in folders if shell.tree.exists(f"{folder}/{name}")), name)


async def kind_of(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``type``."""
    code = 0
    for name in arguments[1:]:
        code |= await _what(shell, name, streams, long=True)
    return code


async def let(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Evaluate expressions; 1 when the last is zero."""
    value = 0
    for text in arguments[1:]:
        try:
            value = Evaluator(text, shell.get, shell.assign).value()
        except ExpressionError as error:
            raise ShellError(f"let: {error}") from error
    return int(value == 0)


async def limits(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``ulimit``, ``umask`` or ``times``: they show what a container has and change nothing."""
    shown = {"ulimit": "1048576" if "-n" in arguments else "unlimited", "umask": "0022"}
    if arguments[0] in shown and (len(arguments) == 1 or arguments[1].startswith("-")):
        await streams.out(f"{shown[arguments[0]]}\n".encode())
    elif arguments[0] == "times":
        await streams.out(b"0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


async def nothing(_shell: Shell, _arguments: list[str], _streams: Streamset) -> int:
    """Do nothing, successfully."""
    return 0


async def failing(_shell: Shell, _arguments: list[str], _streams: Streamset) -> int:
    """Do nothing, unsuccessfully."""
    return 1


async def pwd(shell: Shell, _arguments: list[str], streams: Streamset) -> int:
    """Show the working folder."""
    await streams.out(f"{shell.cwd}\n".encode())
    return 0


SPECIAL: Mapping[str, Applet] = {
    "cd": cd, "exit": leave, "return": give_back, "break": loop_control, "continue": loop_control, "export": export,
    "readonly": export, "unset": unset, "local": local, "set": set_options, "shift": shift, "eval": evaluate,
    ".": source, "source": source, "exec": execute, "trap": trap, "wait": wait, "jobs": jobs, "fg": foreground,
    "bg": foreground, "kill": kill, "read": read, "getopts": getopts, "command": command, "type": kind_of, "let": let,
    "ulimit": limits, "umask": limits, "times": limits, ":": nothing, "true": nothing, "false": failing, "pwd": pwd,
    "hash": nothing, "alias": nothing, "unalias": nothing,
}  # fmt: skip
