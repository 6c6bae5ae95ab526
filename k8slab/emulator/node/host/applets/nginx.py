"""nginx as a command of a container's shell: the real one runs beside the host."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping

from k8slab.emulator.node.host.context import Streamset
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell

_SIGNALS = {
    int(signal.SIGQUIT): "quit",
    int(signal.SIGTERM): "stop",
    int(signal.SIGINT): "stop",
    int(signal.SIGHUP): "reload",
}


async def nginx(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run nginx; in the foreground it ends by the signals that it knows."""
    network = shell.context.network
    sent: set[asyncio.Task[object]] = set()

    def handler(number: int) -> bool:
        word = _SIGNALS.get(number)
        if word:
            task: asyncio.Task[object] = asyncio.ensure_future(network.tool(["-s", word]))
            sent.add(task)
        return word is not None

    shell.state.process.handler = handler
    code, out, err = await network.tool(arguments[1:])
    await streams.out(out)
    await streams.err(err)
    return code


TABLE: Mapping[str, Applet] = {"nginx": nginx, "nginx-debug": nginx}
