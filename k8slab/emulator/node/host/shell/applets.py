"""The commands of busybox that learners type, on the container's own files, environment and network."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path

from k8slab.emulator.node.host.context import NetworkError, Streamset
from k8slab.emulator.node.host.curl import curl, wget
from k8slab.emulator.node.host.shell.interpreter import Command, ExitShellError, LoopControlError, Shell


async def _text(streams: Streamset) -> bytes:
    data = b""
    while chunk := await streams.read():
        data += chunk
    return data


async def _echo(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    words = arguments[1:]
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags = words.pop(0)
        newline, escapes = newline and "n" not in flags, escapes or "e" in flags
    text = " ".join(words)
    if escapes:
        text = text.encode().decode("unicode_escape")
    await streams.out((text + "\n" * newline).encode())
    return 0


async def _printf(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    template, values = arguments[1].encode().decode("unicode_escape"), list(arguments[2:])

    def fill(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = values.pop(0) if values else ""
        return (match[0] % int(value or 0)) if match[0][-1] in "dxo" else (match[0] % value)

    made = re.sub(r"%%|%-?\d*[sdxo]", fill, template)
    while values:
        made += re.sub(r"%%|%-?\d*[sdxo]", fill, template)
    await streams.out(made.encode())
    return 0


async def _cat(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    if len(arguments) == 1:
        await streams.out(await _text(streams))
        return 0
    code = 0
    for name in arguments[1:]:
        try:
            await streams.out(_facts(shell, name) or _host(shell, name).read_bytes())
        except OSError as error:
            await streams.err(f"cat: can't open '{name}': {error.strerror}\n".encode())
            code = 1
    return code


def _facts(shell: Shell, name: str) -> bytes:
    """Return the files that the kubelet writes into every container."""
    context = shell.context
    domains = f"{context.namespace}.svc.cluster.local svc.cluster.local cluster.local"
    known = {
        "/etc/resolv.conf": f"search {domains}\nnameserver 10.96.0.10\noptions ndots:5\n",
        "/etc/hosts": "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"
        f"{context.address}\t{context.hostname}\n",
        "/etc/hostname": f"{context.hostname}\n",
    }
    return known.get(name, "").encode()


def _host(shell: Shell, name: str) -> Path:
    return shell.tree.host(name, shell.context.cwd)


async def _ls(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    flags = "".join(word[1:] for word in arguments[1:] if word.startswith("-"))
    names = [word for word in arguments[1:] if not word.startswith("-")] or [shell.context.cwd]
    code = 0
    for name in names:
        if not shell.tree.is_folder(name, shell.context.cwd):
            if not _host(shell, name).exists():
                await streams.err(f"ls: {name}: No such file or directory\n".encode())
                code = 1
                continue
            found = [name]
        else:
            path = name if name.startswith("/") else f"{shell.context.cwd}/{name}"
            found = [entry for entry in shell.tree.names(path) if "a" in flags or not entry.startswith(".")]
        await streams.out("".join(f"{entry}\n" for entry in found).encode())
    return code


async def _sleep(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    total = 0.0
    for word in arguments[1:]:
        match = re.fullmatch(r"(\d*\.?\d+)([smhd]?)", word)
        if word in ("infinity", "inf"):
            total = float(2**31)
        elif match is None:
            await streams.err(f"sleep: invalid number '{word}'\n".encode())
            return 1
        else:
            total += float(match[1]) * units[match[2] or "s"]
    await asyncio.sleep(total)
    return 0


async def _env(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    if arguments[0] == "printenv" and len(arguments) > 1:
        value = shell.environment().get(arguments[1])
        await streams.out(f"{value}\n".encode() if value is not None else b"")
        return int(value is None)
    await streams.out("".join(f"{name}={value}\n" for name, value in shell.environment().items()).encode())
    return 0


async def _grep(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    flags = "".join(word[1:] for word in arguments[1:] if word.startswith("-"))
    words = [word for word in arguments[1:] if not word.startswith("-")]
    pattern = re.compile(re.escape(words[0]) if "F" in flags else words[0], re.IGNORECASE if "i" in flags else 0)
    data = await _text(streams) if len(words) == 1 else b"".join(_host(shell, name).read_bytes() for name in words[1:])
    lines = data.decode(errors="replace").splitlines()
    found = [line for line in lines if bool(pattern.search(line)) != ("v" in flags)]
    if "o" in flags:
        found = [match[0] for line in found for match in pattern.finditer(line)]
    if "c" in flags:
        await streams.out(f"{len(found)}\n".encode())
    elif "q" not in flags:
        await streams.out("".join(f"{line}\n" for line in found).encode())
    return int(not found)


async def _lines(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run head, tail, sort, uniq or wc."""
    name, words, count = arguments[0], [], 10
    flags = ""
    rest = iter(arguments[1:])
    for word in rest:
        match = re.fullmatch(r"-n?(\d+)", word)
        if match:
            count = int(match[1])
        elif word == "-n" and name in ("head", "tail"):
            count = int(next(rest, "10"))
        elif word.startswith("-"):
            flags += word[1:]
        else:
            words.append(word)
    data = b"".join(_host(shell, word).read_bytes() for word in words) if words else await _text(streams)
    lines = data.decode(errors="replace").splitlines()
    if name == "wc":
        shown = {"l": len(lines), "w": len(data.split()), "c": len(data)}
        picked = [str(shown[flag]) for flag in "lwc" if flag in flags or not flags]
        await streams.out((" ".join(picked) + "\n").encode())
        return 0
    if name == "uniq":
        groups = [(line, sum(1 for other in lines if other == line)) for line in dict.fromkeys(lines)]
        made = [f"{number:7d} {line}" if "c" in flags else line for line, number in groups]
    else:
        ordered = sorted(
            lines, key=lambda line: (int(m[0]) if (m := re.match(r"\s*-?\d+", line)) and "n" in flags else 0, line)
        )
        made = {
            "head": lines[:count], "tail": lines[-count:] if count else [],
            "sort": list(dict.fromkeys(ordered)) if "u" in flags else ordered,
        }[name]  # fmt: skip
        made = made[::-1] if name == "sort" and "r" in flags else made
    await streams.out("".join(f"{line}\n" for line in made).encode())
    return 0


async def _nslookup(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    name = arguments[1] if len(arguments) > 1 else "localhost"
    await streams.out(b"Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n")
    try:
        addresses = await shell.context.network.resolve(name)
    except NetworkError:
        await streams.out(f"** server can't find {name}: NXDOMAIN\n\n".encode())
        return 1
    text = "".join(f"Name:\t{name}\nAddress: {address}\n" for address in addresses)
    await streams.out(f"{text}\n".encode())
    return 0


async def _test(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    words = arguments[1:-1] if arguments[0] == "[" else arguments[1:]
    if words[:1] == ["!"]:
        return int(_holds(shell, words[1:]))
    return int(not _holds(shell, words))


def _holds(shell: Shell, words: list[str]) -> bool:
    if len(words) == 3:  # noqa: PLR2004 - value operator value
        left, operator, right = words
        numbers = {"-eq": 0, "-ne": 0, "-lt": 0, "-gt": 0, "-le": 0, "-ge": 0}
        if operator in numbers:
            difference = int(left or 0) - int(right or 0)
            return {
                "-eq": difference == 0, "-ne": difference != 0, "-lt": difference < 0,
                "-gt": difference > 0, "-le": difference <= 0, "-ge": difference >= 0,
            }[operator]  # fmt: skip
        return (left == right) if operator in ("=", "==") else left != right
    if len(words) == 2:  # noqa: PLR2004 - operator value
        flag, value = words
        checks = {
            "-z": lambda: not value, "-n": lambda: bool(value),
            "-d": lambda: shell.tree.is_folder(value, shell.context.cwd),
            "-f": lambda: _host(shell, value).is_file(), "-e": lambda: _host(shell, value).exists(),
        }  # fmt: skip
        return checks.get(flag, lambda: False)()
    return bool(words and words[0])


async def _files(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Run mkdir, touch, rm or cp."""
    name = arguments[0]
    flags = "".join(word[1:] for word in arguments[1:] if word.startswith("-"))
    words = [word for word in arguments[1:] if not word.startswith("-")]
    read = len(words) - 1 if name == "cp" else 0
    paths = [_host(shell, word) for word in words[:read]]
    paths += [shell.tree.writable(word, shell.context.cwd) for word in words[read:]]
    if name == "cp":
        target = paths[-1] / paths[0].name if paths[-1].is_dir() else paths[-1]
        target.write_bytes(paths[0].read_bytes())
        return 0
    for path in paths:
        if name == "mkdir":
            path.mkdir(parents="p" in flags, exist_ok="p" in flags)
        elif name == "touch":
            path.touch()
        elif not path.is_dir():
            path.unlink(missing_ok="f" in flags)
    return 0


async def _cd(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    target = arguments[1] if len(arguments) > 1 else shell.get("HOME") or "/"
    if not shell.tree.is_folder(target, shell.context.cwd):
        await streams.err(f"sh: cd: can't cd to {target}: No such file or directory\n".encode())
        return 2
    shell.context.cwd = str(Path("/") / shell.context.cwd / target)
    return 0


async def _exit(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    raise ExitShellError(int(arguments[1]) if len(arguments) > 1 else shell.last)


async def _loop_control(_shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    raise LoopControlError(arguments[0])


async def _export(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    for word in arguments[1:]:
        name, found, value = word.partition("=")
        shell.context.env[name] = value if found else shell.variables.pop(name, shell.get(name))
    return 0


async def _sh(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    if len(arguments) > 2 and arguments[1].startswith("-") and "c" in arguments[1]:  # noqa: PLR2004 - sh -c TEXT
        inner = Shell(shell.context, shell.commands, {}, [*arguments[3:]] or ["sh"])
        return await inner.run_text(arguments[2], streams)
    text = _host(shell, arguments[1]).read_text() if len(arguments) > 1 else ""
    if text:
        return await Shell(shell.context, shell.commands, {}, arguments[1:]).run_text(text, streams)
    return await Shell(shell.context, shell.commands).run_text((await _text(streams)).decode(errors="replace"), streams)


async def _shift(shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    count = int(arguments[1]) if len(arguments) > 1 else 1
    del shell.arguments[1 : 1 + count]
    return 0


async def _seq(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    numbers = [int(word) for word in arguments[1:]]
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    await streams.out("".join(f"{number}\n" for number in range(first, last + 1)).encode())
    return 0


async def _say(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run the commands that print one line."""
    name = arguments[0]
    stamp = arguments[1][1:] if len(arguments) > 1 and arguments[1].startswith("+") else "%a %b %e %H:%M:%S UTC %Y"
    lines = {
        "pwd": shell.context.cwd, "hostname": shell.context.hostname, "whoami": "root", "nproc": "1",
        "id": "uid=0(root) gid=0(root) groups=0(root)", "date": time.strftime(stamp, time.gmtime()),
        "uname": f"Linux {shell.context.hostname} 6.6.0 x86_64 GNU/Linux" if len(arguments) > 1 else "Linux",
    }  # fmt: skip
    if name == "hostname" and arguments[1:2] == ["-i"]:
        lines["hostname"] = shell.context.address
    await streams.out(f"{lines[name]}\n".encode())
    return 0


async def _true(_shell: Shell, _arguments: list[str], _streams: Streamset) -> int:
    return 0


async def _false(_shell: Shell, _arguments: list[str], _streams: Streamset) -> int:
    return 1


async def _curl(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    return await curl(shell.context.network, arguments[1:], streams, shell)


async def _wget(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    return await wget(shell.context.network, arguments[1:], streams)


BUSYBOX: Mapping[str, Command] = {
    "echo": _echo, "printf": _printf, "cat": _cat, "ls": _ls, "sleep": _sleep, "env": _env, "printenv": _env,
    "grep": _grep, "head": _lines, "tail": _lines, "sort": _lines, "uniq": _lines, "wc": _lines, "nslookup": _nslookup,
    "test": _test, "[": _test, "mkdir": _files, "touch": _files, "rm": _files, "cp": _files, "cd": _cd, "exit": _exit,
    "break": _loop_control, "continue": _loop_control, "export": _export, "sh": _sh, "ash": _sh, "seq": _seq,
    "shift": _shift,
    "pwd": _say, "hostname": _say, "whoami": _say, "nproc": _say, "id": _say, "date": _say, "uname": _say,
    "true": _true, ":": _true, "false": _false, "set": _true, "trap": _true, "wait": _true, "wget": _wget,
}  # fmt: skip
CURL: Mapping[str, Command] = {**BUSYBOX, "curl": _curl}
WITH_BASH: Mapping[str, Command] = {**CURL, "bash": _sh}
