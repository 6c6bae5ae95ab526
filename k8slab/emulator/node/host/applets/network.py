"""Commands of the network: curl, wget, nslookup, ping, nc, ip."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from k8slab.emulator.node.host.applets.arguments import Options, UsageError
from k8slab.emulator.node.host.context import NetworkError, Streams, Streamset
from k8slab.emulator.node.host.curl import curl
from k8slab.emulator.node.host.shell.interpreter import Applet, Shell
from k8slab.emulator.node.host.wget import wget

_CHUNK = 65536


class _ShellFiles:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def save(self, name: str, data: bytes) -> None:
        self._shell.tree.save(name, data, self._shell.cwd)

    def load(self, name: str) -> bytes:
        return self._shell.tree.read(name, self._shell.cwd)


async def run_curl(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run curl on the container's network and files."""
    return await curl(shell.context.network, arguments[1:], streams, _ShellFiles(shell))


async def run_wget(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Run busybox's wget."""
    return await wget(shell.context.network, arguments[1:], streams, _ShellFiles(shell))


async def _address(shell: Shell, name: str, streams: Streamset, words: str) -> str:
    try:
        return (await shell.context.network.resolve(name))[0]
    except NetworkError:
        await streams.err(f"{words}\n".encode())
        return ""


async def ping(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Send echo requests: pods and the node answer, a Service's address does not (kube-proxy forwards ports only)."""
    options = Options(arguments, "46c:i:W:w:qs:I:t:n")
    if not options.operands:
        raise UsageError("usage: ping [OPTIONS] HOST")
    name = options.operands[0]
    address = await _address(shell, name, streams, f"ping: bad address '{name}'")
    if not address:
        return 1
    count, limit = options.number("c", default=1 << 30), float(options.get("w", default="0")) or float("inf")
    await streams.out(f"PING {name} ({address}): 56 data bytes\n".encode())
    answers = await shell.context.network.answers(address)
    sent, received, began = 0, 0, time.monotonic()
    while sent < count and time.monotonic() - began < limit:
        if answers:
            received += 1
            await streams.out(f"64 bytes from {address}: seq={sent} ttl=64 time=0.050 ms\n".encode())
        sent += 1
        if sent < count:
            await asyncio.sleep(float(options.get("i", default="1")))
    if not answers:
        await asyncio.sleep(float(options.get("W", default="10")))
    lost = 100 - received * 100 // max(sent, 1)
    counts = f"{sent} packets transmitted, {received} packets received, {lost}% packet loss"
    text = f"\n--- {name} ping statistics ---\n{counts}\n"
    text += "round-trip min/avg/max = 0.050/0.050/0.050 ms\n" if received else ""
    await streams.out(text.encode())
    return int(not received)


async def nc(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Open a connection, look whether a port is open (``-z``), or wait for one (``-l``)."""
    options = Options(arguments, "zvlup:w:e:nkN")
    words = options.operands
    if "l" in options:
        return await _listen(shell, int(options.get("p") or (words[-1] if words else 0)), streams)
    if len(words) != 2 or not words[1].isdigit():  # noqa: PLR2004 - host and port
        raise UsageError("usage: nc [-l] [-p PORT] [-w SEC] [-z] [-v] [IPADDR PORT]")
    limit = float(options.get("w", default="0")) or None
    try:
        async with asyncio.timeout(limit):
            connected, address = await _dialled(shell, words[0], int(words[1]))
    except TimeoutError:
        await streams.err(f"nc: {words[0]} ({words[0]}:{words[1]}): Connection timed out\n".encode())
        return 1
    except NetworkError as error:
        text = f"bad address '{words[0]}'" if error.kind == "nohost" else (
            f"can't connect to remote host ({words[0]}): Connection refused"
        )  # fmt: skip
        await streams.err(f"nc: {text}\n".encode())
        return 1
    if "v" in options:
        await streams.err(f"{words[0]} ({address}:{words[1]}) open\n".encode())
    if "z" in options:
        connected[1].close()
        return 0
    return await _talk(connected, streams)


async def _dialled(shell: Shell, host: str, port: int) -> tuple[Streams, str]:
    try:
        return await shell.context.network.dial(host, port)
    except NetworkError as error:
        if error.kind == "dropped":
            # A real client waits for an answer that never comes.
            await asyncio.sleep(135)
        raise


async def _talk(connected: Streams, streams: Streamset) -> int:
    reader, writer = connected

    async def send() -> None:
        while data := await streams.read():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    sending = asyncio.create_task(send())
    try:
        while data := await reader.read(_CHUNK):
            await streams.out(data)
    except ConnectionError:
        return 1
    finally:
        sending.cancel()
        writer.close()
    return 0


async def _listen(shell: Shell, port: int, streams: Streamset) -> int:
    if not port:
        raise UsageError("usage: nc -l -p PORT")
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()  # the PROXY line of the fabric
        code = await _talk((reader, writer), streams)
        if not ended.done():
            ended.set_result(code)

    await shell.context.network.listen(port, serve)
    try:
        return await ended
    finally:
        await shell.context.network.unlisten(port)


async def ip(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show the pod's address and route (``ip addr``, ``ip route``, ``ifconfig``)."""
    address = shell.context.address
    mac = "0a:" + ":".join(f"{int(part):02x}" for part in f"0.{address}".split("."))
    what = next((word for word in arguments[1:] if not word.startswith("-")), "")
    if arguments[0] == "ifconfig":
        text = (
            f"eth0      Link encap:Ethernet  HWaddr {mac.upper()}  \n          inet addr:{address}  Bcast:10.244.0.255"
            "  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n"
            "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n"
            "          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n"
        )
    elif what.startswith("r"):
        text = f"default via 10.244.0.1 dev eth0 \n10.244.0.0/24 via 10.244.0.1 dev eth0  src {address} \n"
    elif what.startswith(("a", "l")):
        text = (
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n"
            "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n"
            "       valid_lft forever preferred_lft forever\n"
            "2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue qlen 1000\n"
            f"    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n    inet {address}/24 brd 10.244.0.255 scope global eth0\n"
            "       valid_lft forever preferred_lft forever\n"
        )
    else:
        raise UsageError("usage: ip [OPTIONS] address|route|link")
    await streams.out(text.encode())
    return 0


async def sockets(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Show the ports that are listened on (``netstat``, ``ss``)."""
    ports = await shell.context.network.listening()
    if arguments[0] == "ss":
        head = "State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        rows = [f"LISTEN 0      511          0.0.0.0:{port:<5}     0.0.0.0:*    \n" for port in ports]
    else:
        head = "Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       \n"  # noqa: E501
        rows = [f"tcp        0      0 {f'0.0.0.0:{port}':<23} {'0.0.0.0:*':<23} LISTEN      \n" for port in ports]
    await streams.out((head + "".join(rows)).encode())
    return 0


async def getent(shell: Shell, arguments: list[str], streams: Streamset) -> int:
    """Look a host up as the C library does."""
    if len(arguments) < 3 or arguments[1] not in ("hosts", "ahosts", "ahostsv4"):  # noqa: PLR2004 - database and name
        return 1
    try:
        found = await shell.context.network.resolve(arguments[2])
    except NetworkError:
        return 2
    await streams.out("".join(f"{address:<15} {arguments[2]}\n" for address in found).encode())
    return 0


TABLE: Mapping[str, Applet] = {
    "wget": run_wget, "ping": ping, "nc": nc, "netcat": nc, "ip": ip, "ifconfig": ip,
    "netstat": sockets, "ss": sockets, "getent": getent,
}  # fmt: skip
CURL: Mapping[str, Applet] = {"curl": run_curl}
