"""The teaching servers: what each one answers and logs."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Awaitable, Callable, Mapping

from k8slab.emulator.node.host.context import ProgramContext
from k8slab.emulator.node.host.http_server import Request, Response, serve_with
from k8slab.emulator.node.host.processes import Process

Main = Callable[[ProgramContext, list[str]], Awaitable[int]]


async def _for_ever() -> int:
    await asyncio.Event().wait()
    return 0


def _option(arguments: list[str], *names: str) -> str:
    for index, word in enumerate(arguments):
        name, found, value = word.partition("=")
        if name in names:
            return value if found else "".join(arguments[index + 1 : index + 2])
    return ""


def _stamp() -> str:
    return time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime())


def _port(text: str, otherwise: int) -> int:
    digits = text.rpartition(":")[2]
    return int(digits) if digits.isdigit() else otherwise


async def whoami(context: ProgramContext, arguments: list[str]) -> int:
    """Answer what was asked and who answers (github.com/traefik/whoami)."""
    name = _option(arguments, "-name", "--name") or context.env.get("WHOAMI_NAME", "")
    port = _port(_option(arguments, "-port", "--port") or context.env.get("WHOAMI_PORT_NUMBER", ""), 80)

    health = [200]

    async def answer(request: Request) -> Response:
        path, _, query = request.target.partition("?")
        if path == "/health":
            return _health(request, health)
        if path == "/bench":
            return Response("1")
        lines = [f"Name: {name}"] if name else []
        lines += [f"Hostname: {context.hostname}", "IP: 127.0.0.1", "IP: ::1", f"IP: {context.address}"]
        lines += [f"RemoteAddr: {request.client}", f"{request.method} {request.target} {request.version}"]
        lines.append(f"Host: {request.header('Host')}")
        others = sorted((key.title(), value) for key, value in request.headers if key.lower() != "host")
        lines += [f"{key}: {value}" for key, value in others]
        text = "\n".join([*lines, "", ""]) + request.body.decode(errors="replace")
        await asyncio.sleep(_wait(query))
        return Response(text)

    await _say(context, f"{_stamp()} Starting up on port {port}\n")
    await context.network.listen(port, serve_with(answer))
    return await _for_ever()


def _health(request: Request, state: list[int]) -> Response:
    """Answer the status that the last POST asked for."""
    if request.method == "POST":
        text = request.body.decode(errors="replace").strip()
        if text.isdecimal() and 100 <= int(text) < 600:  # noqa: PLR2004 - HTTP status codes
            state[0] = int(text)
            return Response("")
        return Response("", status=400)
    return Response("", status=state[0])


def _wait(query: str) -> float:
    """Return the seconds of ``wait=``, a duration as Go writes it."""
    found = re.search(r"(?:^|&)wait=(\d+(?:\.\d+)?)(ms|s|m)(?:&|$)", query)
    return float(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[found[2]] if found else 0.0


async def hello_server(context: ProgramContext, _arguments: list[str]) -> int:
    """Answer ``Hello World!`` on port 9000."""
    await context.network.listen(9000, serve_with(lambda _request: Response("Hello World!")))
    return await _for_ever()


async def hello_app(context: ProgramContext, _arguments: list[str]) -> int:
    """Answer the version and the host name (github.com/GoogleCloudPlatform/kubernetes-engine-samples, hello-app)."""
    version = "2.0.0" if context.image.endswith(":2.0") else "1.0.0"
    port = _port(context.env.get("PORT", ""), 8080)
    loop = asyncio.get_running_loop()

    def answer(request: Request) -> Response:
        line = f"{_stamp()} Serving request: {request.target.partition('?')[0]}\n"
        loop.create_task(_say(context, line))  # noqa: RUF006 - it ends by itself, and the answer must not wait for it
        return Response(f"Hello, world!\nVersion: {version}\nHostname: {context.hostname}\n")

    await context.network.listen(port, serve_with(answer))
    await _say(context, f"{_stamp()} Server listening on port {port}\n")
    return await _for_ever()


async def _say(context: ProgramContext, line: str) -> None:
    await context.streams.err(line.encode())


async def http_echo(context: ProgramContext, arguments: list[str]) -> int:
    """Answer the text of ``-text`` (github.com/hashicorp/http-echo)."""
    text = _option(arguments, "-text", "--text") or context.env.get("ECHO_TEXT", "")
    listen = _option(arguments, "-listen", "--listen") or ":5678"
    if not text:
        await context.streams.err(b"Missing -text option!\n")
        return 127
    await context.network.listen(_port(listen, 5678), serve_with(lambda _request: Response(f"{text}\n")))
    await context.streams.out(f"{_stamp()} [INFO] server is listening on {listen}\n".encode())
    return await _for_ever()


async def pause(_context: ProgramContext, _arguments: list[str]) -> int:
    """Wait."""
    return await _for_ever()


# What the programs exit with when they are asked to end; a Go program that does not ask for the signal ends with 2.
_AT_END: Mapping[str, int] = {"pause": 0, "http-echo": 0}
_ASKING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})


async def as_server(main: Main, context: ProgramContext, process: Process) -> int:
    """Run a server as the container's first process; return its exit code."""
    task = asyncio.ensure_future(main(context, list(process.argv)[1:]))
    ended: list[int] = []

    def handler(number: int) -> bool:
        if number in _ASKING:
            ended.append(_AT_END.get(str(context.facts.get("program")), 2))
            task.cancel()
        return number in _ASKING

    process.handler, process.task = handler, task
    try:
        return await task
    except OSError as error:
        # What Go's log.Fatal makes of a failed ListenAndServe.
        await _say(context, f"{_stamp()} listen tcp {error.filename}: bind: {error.strerror}\n")
        return 1
    except asyncio.CancelledError:
        if ended or process.killed_by:
            return ended[0] if ended else 128 + process.killed_by
        raise


SERVERS: Mapping[str, Main] = {
    "whoami": whoami,
    "hello-server": hello_server,
    "hello-app": hello_app,
    "http-echo": http_echo,
    "pause": pause,
}
