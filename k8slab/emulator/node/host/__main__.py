"""Entry point of the program host; descriptor 0 is the socket to the kubelet."""

from __future__ import annotations

import asyncio
import os
import socket

from k8slab.emulator.node.host.control import HostControl


async def _main() -> None:
    control = socket.socket(fileno=0)
    control.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=control, limit=1 << 24)
    await HostControl(reader, writer).run()


# Pods' files look as in a container; the folder above them is the user's alone.
os.umask(0o022)
asyncio.run(_main())
