"""The shell's own commands that change the shell itself (POSIX, 2.14, and busybox ash)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.processes import SIGNALS, signal_number
from k8slab.emulator.node.host.shell.arithmetic import Evaluator, ExpressionError
from k8slab.emulator.node.host.shell.files import absolute
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.parser import parse
from k8slab.emulator.node.host.shell.state import (
    ExitShellError,
    LoopControlError,
    ReturnError,
    ShellError,
)
from k8slab.emulator.node.host.shell.syntax import ShellSyntaxError

_NAME = re.compile(r"[A-Za-z_]\w*")
_LETTERS = {
    "errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "noexec": "n", "allexport": "a", "verbose": "v",
    "pipefail": "pipefail", "monitor": "m", "noclobber": "C",
}  # fmt: skip


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


async def export(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``export`` or ``readonly``."""
    if arguments[1:] in ([], ["-p"]):
        shown = sorted(shell.context.env.items()) if arguments[0] == "export" else [
            (name, shell.get(name)) for name in sorted(shell.state.fixed)
        ]  # fmt: skip
        await streams.out("".join(f"{arguments[0]} {name}='{value}'\n" for name, value in shown).encode())
        return 0
    for word in arguments[1:]:
        name, found, value = word.partition("=")
        if not _NAME.fullmatch(name):
            await shell.complain(f"{name}: bad variable name", streams, builtin=arguments[0])
            raise ExitShellError(2)
        if found:
            shell.assign(name, value)
        if arguments[0] == "readonly":
            shell.state.fixed.add(name)
        elif name in shell.state.variables:
            shell.context.env[name] = shell.state.variables.pop(name)
    return 0


async def unset(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Forget variables or functions."""
    functions = "-f" in arguments[1:2]
    for name in arguments[1:]:
        if functions:
            shell.state.functions.pop(name, None)
        elif not name.startswith("-"):
            shell.unset(name)
    return 0


async def local(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Make variables of a function."""
    if not shell.state.locals:
        await shell.complain("not in a function", streams, builtin="local")
        raise ExitShellError(2)
    for word in arguments[1:]:
        name, found, value = word.partition("=")
        shell.state.locals[-1].setdefault(name, shell.find(name))
        if found:
            shell.assign(name, value)
    return 0


async def set_options(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``set``: options, arguments, or the list of variables."""
    words = arguments[1:]
    if not words:
        values = {**shell.context.env, **shell.state.variables}
        await streams.out("".join(f"{name}='{value}'\n" for name, value in sorted(values.items())).encode())
        return 0
    while words and words[0][:1] in "+-" and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            shell.state.arguments[1:] = words
            return 0
        letters = list(word[1:])
        if "o" in letters:
            name = words.pop(0) if words else ""
            if name not in _LETTERS:
                raise ShellError(f"set: line 0: illegal option {word[0]}o {name}".rstrip())
            letters = [letter for letter in letters if letter != "o"] + [_LETTERS[name]]
        change = shell.state.options.update if word[0] == "-" else shell.state.options.difference_update
        change(letters)
    if words:
        shell.state.arguments[1:] = words
    return 0


async def shift(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Drop the first arguments."""
    count = int(arguments[1]) if arguments[1:] and arguments[1].isdigit() else 1
    if count > len(shell.positional()):
        return 1
    del shell.state.arguments[1 : 1 + count]
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


async def wait(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Wait for background jobs; a trapped signal ends the waiting with 128 and its number."""
    words = arguments[1:]
    jobs = [job for word in words for job in shell.state.jobs if word in (str(job.process.pid), f"%{job.number}")]
    if words and not jobs:
        return 127
    tasks = [job.task for job in (jobs or shell.state.jobs)]
    while any(not task.done() for task in tasks):
        signalled = asyncio.ensure_future(shell.signalled.wait())
        try:
            await asyncio.wait([signalled, *(t for t in tasks if not t.done())], return_when=asyncio.FIRST_COMPLETED)
        finally:
            signalled.cancel()
        if shell.signalled.is_set():
            return 128 + shell.pending_signal()
    for job in jobs or shell.state.jobs:
        await shell.report(job.process, streams)
    codes = [143 if task.cancelled() else task.result() for task in tasks]
    shell.state.jobs = [job for job in shell.state.jobs if job not in (jobs or shell.state.jobs)]
    return codes[-1] if jobs else 0


async def jobs(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """List background jobs."""
    for job in list(shell.state.jobs):
        mark = "+" if job is shell.state.jobs[-1] else "-"
        pid = f"{job.process.pid} " if "-l" in arguments else ""
        if "-p" in arguments:
            await streams.out(f"{job.process.pid}\n".encode())
        else:
            await streams.out(f"[{job.number}]{mark}  {pid}{job.state():<23}{job.text}\n".encode())
        if job.task.done():
            shell.state.jobs.remove(job)
    return 0


async def foreground(shell: Shell, _arguments: list[str], streams: Streamset) -> int:
    """Run ``fg`` or ``bg``: wait for the last job, or leave it where it runs."""
    if not shell.state.jobs:
        await shell.complain("No current job", streams, builtin=_arguments[0])
        return 2
    job = shell.state.jobs[-1]
    await streams.out(f"{job.text}\n".encode())
    if _arguments[0] == "bg":
        return 0
    shell.state.jobs.remove(job)
    return await job.task


async def kill(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Send a signal to processes of the container."""
    words = arguments[1:]
    if words[:1] == ["-l"]:
        names = {number: name for name, number in SIGNALS.items()}
        await streams.out("".join(f"{number:2d}) {names[number]}\n" for number in sorted(names)).encode())
        return 0
    number: int | None = 15
    if words and words[0].startswith("-") and len(words[0]) > 1:
        name = words.pop(0)[1:]
        name = words.pop(0) if name == "s" and words else name
        number = signal_number(name)
        if number is None:
            await shell.complain(f"bad signal name '{name}'", streams)
            return 1
    code = 0
    for word in words:
        code |= await _send(shell, word, number or 0, streams)
    return code


async def _send(shell: Shell, word: str, number: int, streams: Streamset) -> int:
    job = next((job for job in shell.state.jobs if word == f"%{job.number}"), None)
    if job is None and not re.fullmatch(r"-?\d+", word):
        await shell.complain(f"invalid number '{word}'", streams)
        return 1
    process = job.process if job else shell.context.processes.get(int(word))
    if process is None:
        await shell.complain(f"can't kill pid {word}: No such process", streams)
        return 1
    process.deliver(number)
    await asyncio.sleep(0)
    return 0


async def read(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Read a line into variables; 1 at the end of the input."""
    names: list[str] = []
    raw, limit, end, count = False, None, b"\n", 0
    rest = iter(arguments[1:])
    for word in rest:
        if word.startswith("-") and len(word) > 1 and not names:
            raw = raw or "r" in word
            option = word[-1]
            if option == "p":
                await streams.err(next(rest, "").encode())
            elif option == "t":
                limit = float(next(rest, "0"))
            elif option == "d":
                end = next(rest, "").encode()[:1] or b"\0"
            elif option == "n":
                count = int(next(rest, "1"))
        else:
            names.append(word)
    try:
        line = await asyncio.wait_for(streams.read.some(count) if count else streams.read.line(end), limit)
    except TimeoutError:
        return 1
    text = line.removesuffix(end).decode(errors="surrogateescape")
    while not raw and text.endswith("\\") and line.endswith(b"\n"):
        line = await streams.read.line()
        text = text[:-1] + line.removesuffix(b"\n").decode(errors="surrogateescape")
    if not raw:
        text = re.sub(r"\\(.)", r"\1", text)
    _assign_fields(shell, names or ["REPLY"], text)
    return int(not line.endswith(end)) if not count else int(not line)


def _assign_fields(shell: Shell, names: list[str], text: str) -> None:
    separators = shell.find("IFS")
    separators = " \t\n" if separators is None else separators
    blank = "".join(char for char in separators if char.isspace())
    other = re.escape("".join(char for char in separators if not char.isspace()))
    text = text.strip(blank) if blank else text
    space = f"[{re.escape(blank)}]" if blank else "(?!)"
    splitter = re.compile(f"{space}*[{other}]{space}*|{space}+" if other else f"{space}+")
    for index, name in enumerate(names):
        if index == len(names) - 1:
            shell.assign(name, text)
            return
        match = splitter.search(text) if separators else None
        shell.assign(name, text[: match.start()] if match else text)
        text = text[match.end() :] if match else ""


async def getopts(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Take the next option of the arguments."""
    wanted, name = arguments[1], arguments[2]
    words = arguments[3:] or shell.positional()
    index, place = int(shell.get("OPTIND") or 1), int(shell.state.variables.get("_OPTPLACE", "1"))
    word = words[index - 1] if index <= len(words) else ""
    if not word.startswith("-") or word in {"-", "--"}:
        shell.assign("OPTIND", str(index + (word == "--")))
        shell.assign(name, "?")
        return 1
    letter = word[place]
    takes = wanted.partition(letter)[2].startswith(":") and letter != ":"
    known = letter in wanted.replace(":", "")
    value, last = "", place + 1 >= len(word)
    if takes:
        value = word[place + 1 :] or "".join(words[index : index + 1])
        index, place = index + (1 if word[place + 1 :] else 2), 1
    else:
        index, place = (index + 1, 1) if last else (index, place + 1)
    shell.assign("OPTIND", str(index))
    shell.state.variables["_OPTPLACE"] = str(place)
    if not known:
        if not wanted.startswith(":"):
            await streams.err(f"Illegal option -{letter}\n".encode())
        value = letter if wanted.startswith(":") else ""
    shell.assign("OPTARG", value)
    shell.assign(name, letter if known else "?")
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
