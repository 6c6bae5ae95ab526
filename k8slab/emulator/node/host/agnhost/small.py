"""The short subcommands of agnhost: pause, serve-hostname, test-webserver, liveness, porter, connect and the like."""

from __future__ import annotations

import asyncio
import posixpath
import random
import signal
import time
from urllib.parse import unquote, urlsplit

from k8slab.emulator.node.host.agnhost.flags import Flags
from k8slab.emulator.node.host.agnhost.netexec import values_of
from k8slab.emulator.node.host.agnhost.running import Running
from k8slab.emulator.node.host.context import NetworkError
from k8slab.emulator.node.host.http_server import Request, Response, serve_with

_ALIVE_SECONDS = 10.0
_METHODS, _NAMESPACES = ("GET", "PUT", "POST"), ("kube-system", "default", "ns")
_WORDS = {int(signal.SIGTERM): "terminated", int(signal.SIGINT): "interrupt"}


async def pause(run: Running) -> int:
    """Wait for a signal; tell it in the termination message."""
    await run.say("Paused")
    await run.say("Signals registered")
    came: list[int] = []

    def handler(number: int) -> bool:
        if number in _WORDS:
            came.append(number)
            run.end({int(signal.SIGINT): 1, int(signal.SIGTERM): 2}[number])
        return number in _WORDS

    run.shell.state.process.handler = handler
    code = await run.ended
    text = f'exiting because of signal "{_WORDS[came[0]]}"'
    place = run.context.env.get("TERMINATION_MESSAGE_PATH") or "/dev/termination-log"
    path = run.shell.tree.writable(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")
    await run.say(text)
    return code


async def serve_hostname(run: Running) -> int:
    """Answer the pod's host name."""
    flags = Flags(run.words, {"tcp": False, "udp": False, "http": True, "close": False, "port": 9376}, {})
    port, host = flags.number("port"), run.context.hostname

    async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = (await reader.readline()).split(b" ")
        run.log(f"TCP request from {b':'.join(client[2:5:2]).decode()}")
        writer.write(host.encode())
        writer.close()

    def answer(request: Request) -> Response:
        run.log(f"HTTP request from {request.client}")
        return Response(host, headers={"Connection": "close"} if flags.on("close") else {})

    await run.context.network.listen(port, raw if flags.on("tcp") else serve_with(answer))
    run.log(f"Serving on port {port}.\n")

    def handler(number: int) -> bool:
        if number == signal.SIGTERM:
            run.log("Shutting down after receiving signal: terminated.\n")
            run.log("Awaiting pod deletion.\n")
            # It goes on serving: endpoints are taken away first.
            asyncio.get_running_loop().call_later(60, run.end, 0)
        return number == signal.SIGTERM

    run.shell.state.process.handler = handler
    return await run.ended


async def test_webserver(run: Running) -> int:
    """Serve the container's files."""
    flags = Flags(run.words, {"port": 80}, {})
    tree = run.shell.tree

    def answer(request: Request) -> Response:
        path = posixpath.normpath("/" + unquote(urlsplit(request.target).path).lstrip("/"))
        if tree.is_folder(path):
            names = [f"{name}/" if tree.is_folder(posixpath.join(path, name)) else name for name in tree.names(path)]
            rows = "".join(f'<a href="{name}">{name}</a>\n' for name in names)
            return Response(f"<!doctype html>\n<pre>\n{rows}</pre>\n", content_type="text/html; charset=utf-8")
        try:
            return Response(tree.read(path).decode(errors="replace"))
        except OSError:
            return Response("404 page not found\n", 404)

    run.unasked()
    await run.context.network.listen(flags.number("port"), serve_with(answer))
    return await run.ended


async def liveness(run: Running) -> int:
    """Be healthy for ten seconds."""
    began = time.monotonic()

    def answer(request: Request) -> Response:
        path, age = urlsplit(request.target).path, time.monotonic() - began
        if path == "/started":
            return Response(f"{age:.9f}s")
        if path == "/redirect":
            location = "".join(char for char in unquote(values_of(request).get("loc", "")) if char.isprintable())
            return Response("", 302, headers={"Location": location})
        if path != "/healthz":
            return Response("404 page not found\n", 404)
        return Response("ok") if age <= _ALIVE_SECONDS else Response(f"error: {age}", 500)

    run.unasked()
    await run.context.network.listen(8080, serve_with(answer))
    return await run.ended


async def porter(run: Running) -> int:
    """Serve the text of ``SERVE_PORT_N`` at each port N."""
    flags = Flags(run.words, {"json-response": False}, {})
    run.unasked()
    for name, body in run.context.env.items():
        port = name.removeprefix("SERVE_PORT_")
        if port == name or not port.isdigit():
            continue

        def answer(request: Request, body: str = body) -> Response:
            if flags.on("json-response"):
                return Response(f'{{"Method":"{request.method}","Body":"{body}"}}', content_type="application/json")
            return Response(body)

        await run.context.network.listen(int(port), serve_with(answer))
    return await run.ended


async def entrypoint_tester(run: Running) -> int:
    """Print the arguments as Go prints a list."""
    await run.say(f"[{' '.join(['/agnhost', 'entrypoint-tester', *run.words])}]")
    return 0


async def logs_generator(run: Running) -> int:
    """Write lines evenly over a time."""
    flags = Flags(run.words, {"log-lines-total": 0, "run-duration": "0"}, {"t": "log-lines-total", "d": "run-duration"})
    run.unasked()
    total, seconds = flags.number("log-lines-total"), flags.seconds("run-duration")
    for index in range(total):
        chance = random.Random(index)  # noqa: S311 - words for a log
        url = f"/api/v1/namespaces/{chance.choice(_NAMESPACES)}/pods/{chance.randrange(36**3):03x}"
        stamp = time.strftime("I%m%d %H:%M:%S", time.gmtime())
        line = f"{index} {chance.choice(_METHODS)} {url} {chance.randrange(200, 600)}"
        await run.streams.err(f"{stamp}.000000       1 logs_generator.go:76] {line}\n".encode())
        done, _ = await asyncio.wait([run.ended], timeout=seconds / max(total, 1))
        if done:
            return run.ended.result()
    return 0


async def connect(run: Running) -> int:
    """Try to connect; tell what came of it in one word."""
    flags = Flags(run.words, {"timeout": "0", "protocol": "tcp", "udp-data": "hostname", "sctp-data": "hostname"}, {})
    host, _, port = (flags.operands or [""])[0].rpartition(":")
    limit = flags.seconds("timeout") or None
    problem = ""
    try:
        async with asyncio.timeout(limit):
            streams, _ = await run.context.network.dial(host.strip("[]"), int(port or 0))
        streams[1].close()
    except TimeoutError:
        problem = "TIMEOUT"
    except NetworkError as error:
        if error.kind == "dropped":
            await asyncio.sleep(limit or 135)
        problem = {"nohost": f"DNS: lookup {host}: no such host", "refused": "REFUSED"}.get(error.kind, "TIMEOUT")
    if problem:
        await run.streams.err(f"{problem}\n".encode())
    return int(bool(problem))


def _resolver(run: Running, key: str) -> list[str]:
    text = run.shell.tree.read("/etc/resolv.conf").decode(errors="replace")
    return [word for line in text.splitlines() if line.split()[:1] == [key] for word in line.split()[1:]]


async def dns_suffix(run: Running) -> int:
    """Print the search domains."""
    await run.say(",".join(_resolver(run, "search")))
    return 0


async def dns_server_list(run: Running) -> int:
    """Print the name servers."""
    await run.say(",".join(_resolver(run, "nameserver")))
    return 0


async def etc_hosts(run: Running) -> int:
    """Print ``/etc/hosts``."""
    await run.say(run.shell.tree.read("/etc/hosts").decode(errors="replace"))
    return 0
