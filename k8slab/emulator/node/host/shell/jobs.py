"""Built-in commands about processes and background jobs: wait, jobs, fg, kill."""

from __future__ import annotations

import asyncio
import re

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.processes import SIGNALS, signal_number
from k8slab.emulator.node.host.shell.interpreter import Shell


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
