"""Built-in commands about variables, options and arguments: export, local, set, shift, read, getopts."""

from __future__ import annotations

import asyncio
import re

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Shell
from k8slab.emulator.node.host.shell.state import ExitShellError, ShellError

_NAME = re.compile(r"[A-Za-z_]\w*")
_LETTERS = {
    "errexit": "e", "nounset": "u", "xtrace": "x", "noglob": "f", "noexec": "n", "allexport": "a", "verbose": "v",
    "pipefail": "pipefail", "monitor": "m", "noclobber": "C",
}  # fmt: skip


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
        async with asyncio.timeout(limit):
            line = await (streams.read.some(count) if count else streams.read.line(end))
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
