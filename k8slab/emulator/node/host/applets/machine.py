"""Commands about the container as a machine: who, where, when, what runs."""

from __future__ import annotations

import asyncio
import calendar
import re
import time
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import Options, UsageError, bytes_of
from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.proc import FREE_KIB, KERNEL, MEMORY_KIB
from k8slab.emulator.node.host.shell.builtins import where_is
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.shell.jobs import kill

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_USERS = {0: "root", 65534: "nobody"}
# Longer than any lab lives, and short enough for a timer of the event loop.
_FOR_EVER = 86400.0 * 365


async def _say(streams: Streamset, text: str) -> int:
    await streams.out(bytes_of(f"{text}\n"))
    return 0


async def hostname(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the pod's host name, ``-i`` its address, ``-f`` the full name."""
    options = Options(arguments, "isfdFIA")
    if options.any("i", "I"):
        return await _say(streams, shell.context.address)
    if options.operands:
        await streams.err(b"hostname: sethostname: Operation not permitted\n")
        return 1
    return await _say(streams, shell.context.hostname)


def _user(shell: Shell) -> tuple[int, int, list[int]]:
    facts = shell.context.facts
    uid, gid = int(str(facts.get("uid", 0))), int(str(facts.get("gid", 0)))
    groups = facts.get("groups")
    return uid, gid, [int(group) for group in groups] if isinstance(groups, list) else [gid]


def _with_name(number: int) -> str:
    return f"{number}({_USERS[number]})" if number in _USERS else str(number)


async def identity(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print user and groups."""
    options = Options(arguments, "ugGnr")
    uid, gid, groups = _user(shell)
    named = "n" in options
    if "u" in options:
        return await _say(streams, _USERS.get(uid, str(uid)) if named else str(uid))
    if "g" in options:
        return await _say(streams, _USERS.get(gid, str(gid)) if named else str(gid))
    if "G" in options:
        return await _say(streams, " ".join(map(str, groups)))
    shown = ",".join(_with_name(group) for group in groups)
    return await _say(streams, f"uid={_with_name(uid)} gid={_with_name(gid)} groups={shown}")


async def whoami(shell: Shell, _arguments: list[str], streams: Streamset) -> int:
    """Print the user's name."""
    uid = _user(shell)[0]
    if uid not in _USERS:
        await streams.err(f"whoami: unknown uid {uid}\n".encode())
        return 1
    return await _say(streams, _USERS[uid])


async def uname(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the system's name."""
    options = Options(arguments, "amnrspvio", ["all"])
    parts = {"s": "Linux", "n": shell.context.hostname, "r": KERNEL, "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux"}
    wanted = "snrvmo" if options.any("a", "all") else "".join(letter for letter in "snrvmo" if letter in options) or "s"
    return await _say(streams, " ".join(parts[letter] for letter in wanted))


async def ps(shell: Shell, _arguments: list[str], streams: Streamset) -> int:
    """List the container's processes."""
    uid = _user(shell)[0]
    lines = ["PID   USER     TIME  COMMAND"]
    lines += [
        f"{process.pid:5d} {_USERS.get(uid, str(uid)):<8} 0:00 {' '.join(process.argv)}"
        for process in shell.context.processes.all()
    ]
    return await _say(streams, "\n".join(lines))


async def pids(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``pidof`` or ``pgrep``."""
    words = [word for word in arguments[1:] if not word.startswith("-")]
    found = [
        process.pid
        for process in shell.context.processes.all()
        if any(_is(process.argv, word, whole="-f" in arguments) for word in words)
        and process is not shell.state.process
    ]
    if not found:
        return 1
    return await _say(streams, (" " if arguments[0] == "pidof" else "\n").join(map(str, found)))


def _is(argv: object, word: str, *, whole: bool) -> bool:
    words = list(argv) if isinstance(argv, (list, tuple)) else []
    if whole:
        return word in " ".join(words)
    return bool(words) and words[0].rpartition("/")[2] == word


async def killall(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``killall`` or ``pkill``: a signal to processes by name."""
    flags = [word for word in arguments[1:] if word.startswith("-") and word not in ("-f", "-q", "-x")]
    code = 0
    for word in [word for word in arguments[1:] if not word.startswith("-")]:
        found = [
            str(process.pid) for process in shell.context.processes.all()
            if _is(process.argv, word, whole="-f" in arguments) and process is not shell.state.process
        ]  # fmt: skip
        if not found:
            await streams.err(f"{arguments[0]}: {word}: no process killed\n".encode())
            code = 1
        else:
            code |= await kill(shell, ["kill", *flags, *found], streams)
    return code


async def sleep(_shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Wait for the sum of the times."""
    if len(arguments) == 1:
        raise UsageError("missing operand")
    total = 0.0
    for word in arguments[1:]:
        match = re.fullmatch(r"(\d*\.?\d+|\d+\.)([smhd]?)", word)
        if word in ("infinity", "inf"):
            total = _FOR_EVER
        elif match is None:
            raise UsageError(f"invalid number '{word}'")
        else:
            total += float(match[1]) * _UNITS[match[2]]
    await asyncio.sleep(min(total, _FOR_EVER))
    return 0


async def usleep(_shell: Shell, arguments: list[str], _streams: Streamset) -> int:
    """Wait for microseconds."""
    await asyncio.sleep(int(arguments[1]) / 1e6 if arguments[1:] and arguments[1].isdigit() else 0)
    return 0


async def date(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the time, by a format or a given moment."""
    options = Options(arguments, "uRI::d:s:D:r:", ["utc", "date=", "iso-8601"])
    moment = time.time()
    given = options.get("d", "date")
    if given:
        moment = _moment(given)
    form = next((word[1:] for word in options.operands if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    if "R" in options:
        form = "%a, %d %b %Y %H:%M:%S +0000"
    if options.any("I", "iso-8601"):
        form = "%Y-%m-%d"
    form = form.replace("%N", f"{int(moment % 1 * 1e9):09d}").replace("%s", str(int(moment)))
    return await _say(streams, time.strftime(form, time.gmtime(moment)))


def _moment(text: str) -> float:
    if re.fullmatch(r"@\d+", text):
        return float(text[1:])
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return float(calendar.timegm(time.strptime(text, form)))
        except ValueError:
            continue
    raise UsageError(f"invalid date '{text}'")


async def environment(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print the environment, or run a command in a changed one."""
    words = arguments[1:]
    values = dict(shell.context.env)
    while words and (words[0].startswith("-") or "=" in words[0]):
        word = words.pop(0)
        if word in ("-i", "-"):
            values = {}
        elif word == "-u" and words:
            values.pop(words.pop(0), None)
        elif "=" in word:
            name, _, value = word.partition("=")
            values[name] = value
        else:
            raise UsageError(f"invalid option -- '{word.lstrip('-')}'")
    if not words:
        await streams.out(bytes_of("".join(f"{name}={value}\n" for name, value in values.items())))
        return 0
    shell.context.env.clear()
    shell.context.env.update(values)
    shell.state.variables.clear()
    return await shell.program(words, streams)


async def printenv(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print variables of the environment."""
    if len(arguments) == 1:
        return await environment(shell, ["env"], streams)
    found = [shell.context.env[name] for name in arguments[1:] if name in shell.context.env]
    await streams.out(bytes_of("".join(f"{value}\n" for value in found)))
    return int(len(found) < len(arguments) - 1)


async def which(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Print where programs are."""
    code = 0
    for name in [word for word in arguments[1:] if not word.startswith("-")]:
        if isinstance(shell.system.locate(name, shell.path, shell.tree, shell.cwd), str):
            code = 1
        else:
            await _say(streams, name if "/" in name else where_is(shell, name))
    return code


async def figures(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``uptime``, ``free``, ``nproc``, ``arch``, ``tty``, ``sync``, ``clear`` or ``groups``."""
    up = int(time.monotonic() - shell.context.processes.booted)
    clock = time.strftime("%H:%M:%S", time.gmtime())
    used = MEMORY_KIB - FREE_KIB
    shown = {
        "uptime": f" {clock} up {up // 60} min,  0 users,  load average: 0.00, 0.00, 0.00", "nproc": "1",
        "arch": "x86_64", "tty": "/dev/pts/0" if streams.terminal else "not a tty", "sync": "", "clear": "\x1b[H\x1b[J",
        "groups": "root",
        "free": "              total        used        free      shared  buff/cache   available\n"
        f"Mem:     {MEMORY_KIB:10d}  {used:10d}  {FREE_KIB:10d}           0           0  {FREE_KIB:10d}\n"
        "Swap:             0           0           0",
    }[arguments[0]]  # fmt: skip
    if shown:
        await _say(streams, shown)
    return int(arguments[0] == "tty" and not streams.terminal)


async def refused(_shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Say that a program needs a real terminal, and what serves instead."""
    advice = {
        "top": "ps shows the processes; kubectl top works with metrics-server on kind",
        "watch": "use a loop: while true; do COMMAND; sleep 2; done",
    }.get(arguments[0], "change files with echo TEXT > FILE, sed -i, cat <<EOF > FILE, or kubectl cp")
    await streams.err(
        f"{arguments[0]}: needs a full terminal, which the embedded cluster does not have; {advice}\n".encode()
    )
    return 1


async def timeout(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run a command and end it after a time: 143 as busybox says."""
    words = arguments[1:]
    number = "TERM"
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-s", "-k") and words:
            value = words.pop(0)
            number = value if word == "-s" else number
    if len(words) < 2:  # noqa: PLR2004 - seconds and a command
        raise UsageError("missing operand")
    match = re.fullmatch(r"(\d*\.?\d+)([smhd]?)", words[0])
    if match is None:
        raise UsageError(f"invalid number '{words[0]}'")
    try:
        async with asyncio.timeout(float(match[1]) * _UNITS[match[2]]):
            return await shell.program(words[1:], streams)
    except TimeoutError:
        killed = number.endswith("KILL") or number == "9"
        await streams.err(b"Killed\n" if killed else b"Terminated\n")
        return 137 if killed else 143


async def passing(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``nohup``, ``nice``, ``setsid``, ``stdbuf`` or ``exec``: the command after the options."""
    words = arguments[1:]
    while words and words[0].startswith("-"):
        words = words[2 if words[0] == "-n" else 1 :]
    return await shell.program(words, streams) if words else 0


async def timed(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run ``time``."""
    began = time.monotonic()
    code = await shell.program(arguments[1:], streams) if arguments[1:] else 0
    took = time.monotonic() - began
    shown = f"{int(took // 60)}m {took % 60:.2f}s"
    await streams.err(f"real\t{shown}\nuser\t0m 0.00s\nsys\t0m 0.00s\n".encode())
    return code


TABLE: Mapping[str, Applet] = {
    "hostname": hostname, "id": identity, "whoami": whoami, "uname": uname, "ps": ps, "pidof": pids, "pgrep": pids,
    "killall": killall, "pkill": killall, "sleep": sleep, "usleep": usleep, "date": date, "env": environment,
    "printenv": printenv, "which": which, "uptime": figures, "free": figures, "nproc": figures, "arch": figures,
    "tty": figures, "sync": figures, "clear": figures, "groups": figures, "top": refused, "vi": refused,
    "vim": refused, "nano": refused, "less": refused, "more": refused, "watch": refused, "timeout": timeout,
    "nohup": passing, "nice": passing, "setsid": passing, "stdbuf": passing, "time": timed,
}  # fmt: skip
