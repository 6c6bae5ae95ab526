"""agnhost netexec: the HTTP endpoints of test/images/agnhost/netexec/netexec.go."""

from __future__ import annotations

import asyncio
import html
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from k8slab.emulator.node.host.agnhost.flags import Flags, duration
from k8slab.emulator.node.host.agnhost.running import Running
from k8slab.emulator.node.host.context import NetworkError, Streamset, input_of
from k8slab.emulator.node.host.curl import CurlError, fetch
from k8slab.emulator.node.host.http_server import Request, Response, serve_with

_DEFAULTS: Mapping[str, str | int | bool] = {
    "http-port": 8080, "tls-cert-file": "", "tls-private-key-file": "", "udp-port": 8081, "sctp-port": -1,
    "http-override": "", "udp-listen-addresses": "", "delay-shutdown": 0,
}  # fmt: skip
_DIAL_SECONDS = 5.0
_MOST_TRIES = 1000
Handler = Callable[[Request, Mapping[str, str]], Awaitable[Response]]


def values_of(request: Request) -> dict[str, str]:
    """Return the parameters of a request: of its address and of a form."""
    found = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    if "form-urlencoded" in request.header("Content-Type"):
        found = {**found, **dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))}
    return found


async def netexec(run: Running) -> int:
    """Serve until told to end."""
    server = _Netexec(run, Flags(run.words, _DEFAULTS, {}))
    return await server.serve()


class _Netexec:
    def __init__(self, run: Running, flags: Flags) -> None:
        self._run = run
        self._flags = flags
        self._port = flags.number("http-port")
        self._ending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._routes: Mapping[str, Handler] = {
            "/clientip": self._client, "/serverport": self._server_port, "/header": self._header, "/dial": self._dial,
            "/echo": self._echo, "/exit": self._exit, "/healthz": self._healthy, "/readyz": self._ready,
            "/hostname": self._hostname, "/hostName": self._hostname, "/redirect": self._redirect,
            "/shell": self._shell, "/upload": self._upload, "/shutdown": self._shutdown,
        }  # fmt: skip

    async def serve(self) -> int:
        self._run.shell.state.process.handler = self._signal
        await self._run.context.network.listen(self._port, serve_with(self._answer))
        self._run.log(f"Started HTTP server on port {self._port}")
        if self._flags.number("udp-port") != -1:
            self._run.log(f"Started UDP server on port  {self._flags.number('udp-port')}")
        return await self._run.ended

    def _signal(self, number: int) -> bool:
        if number != 15:  # noqa: PLR2004 - SIGTERM is the one that it asks for
            return False
        delay = self._flags.number("delay-shutdown")
        self._ending = True
        if delay:
            self._run.log(f"Sleeping {delay} seconds before terminating...")
            asyncio.get_running_loop().call_later(delay, self._run.end, 0)
        else:
            self._run.end(0)
        return True

    async def _answer(self, request: Request) -> Response:
        override = self._flags.text("http-override")
        if override:
            request = Request("GET", override, request.version, request.headers, b"", request.client)
        path = urlsplit(request.target).path
        handler = self._routes.get(path, self._root)
        return await handler(request, values_of(request))

    async def _root(self, _request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /")
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now))
        return Response(f"NOW: {stamp}.{int(now % 1 * 1e9):09d} +0000 UTC m=+{time.monotonic():.9f}")

    async def _client(self, request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /clientip")
        return Response(request.client)

    async def _server_port(self, _request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /serverport")
        return Response(str(self._port))

    async def _header(self, request: Request, values: Mapping[str, str]) -> Response:
        key = values.get("key", "")
        self._run.log(f"GET /header?key={key}" if key else "GET /header")
        if key:
            return Response(request.header(key))
        found: dict[str, list[str]] = {}
        for name, value in request.headers:
            if name.lower() != "host":
                found.setdefault(name.title(), []).append(value)
        return Response(json.dumps(found, sort_keys=True, separators=(",", ":")))

    async def _echo(self, _request: Request, values: Mapping[str, str]) -> Response:
        message, code = values.get("msg", ""), values.get("code", "")
        self._run.log(f"GET /echo?msg={message}&code={code}")
        if code and not code.lstrip("-").isdigit():
            return Response(f"argument 'code' must be an integer or empty, got {json.dumps(code)}\n")
        return Response(message, int(code) if code else 200)

    async def _healthy(self, _request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /healthz")
        return Response("", 412 if self._flags.number("udp-port") == -1 else 200)

    async def _ready(self, _request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /readyz")
        if self._ending:
            return Response("shutting down", 503)
        return Response("", 412) if self._flags.number("udp-port") == -1 else Response("ok")

    async def _hostname(self, request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log(f"GET {urlsplit(request.target).path}")
        return Response(self._run.context.hostname)

    async def _redirect(self, request: Request, values: Mapping[str, str]) -> Response:
        location, code = values.get("location", ""), values.get("code", "")
        self._run.log(f"{request.method} /redirect?msg={location}&code={code}")
        if code and not code.isdigit():
            return Response(f"argument 'code' must be an integer or empty, got {json.dumps(code)}\n")
        # No line end of a parameter gets into the head of the answer, no markup into its text.
        location = "".join(char for char in location if char.isprintable())
        text = f'<a href="{html.escape(location)}">Found</a>.\n\n'
        return Response(text, int(code) if code else 302, "text/html; charset=utf-8", {"Location": location})

    async def _shutdown(self, _request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /shutdown")
        self._run.end(0)
        return Response("")

    async def _exit(self, _request: Request, values: Mapping[str, str]) -> Response:
        code, timeout, wait = (values.get(name, "") for name in ("code", "timeout", "wait"))
        self._run.log(f"GET /exit?code={code}&timeout={timeout}&wait={wait}")
        for name, text in (("timeout", timeout), ("wait", wait)):
            if text and duration(text) is None:
                return Response(f"argument '{name}' must be a valid golang duration or empty, got {json.dumps(text)}\n")
        if code and not code.isdigit():
            return Response(f"argument 'code' must be an integer [0-127] or empty, got {json.dumps(code)}\n")
        asyncio.get_running_loop().call_later((duration(wait) or 0.0) + 0.05, self._run.end, int(code or 0) & 255)
        return Response("")

    async def _dial(self, _request: Request, values: Mapping[str, str]) -> Response:
        host, port, wanted = values.get("host", ""), values.get("port", ""), values.get("request", "")
        protocol, tries = values.get("protocol", "").lower() or "http", values.get("tries", "") or "1"
        self._run.log(f"GET /dial?host={host}&protocol={protocol}&port={port}&request={wanted}&tries={tries}")
        if not tries.isdigit():
            return Response(f'tries parameter is invalid. strconv.Atoi: parsing "{tries}": invalid syntax\n', 400)
        if not wanted:
            return Response("request parameter not specified. <nil>\n", 400)
        if protocol not in ("http", "udp"):
            return Response(f"unsupported protocol. {protocol}\n", 400)
        if not port.isdigit():
            return Response(f"host and/or port param are invalid. lookup tcp/{port}: unknown port\n", 400)
        responses: list[str] = []
        errors: list[str] = []
        for _ in range(min(int(tries), _MOST_TRIES)):
            await self._dial_once(protocol, host, port, wanted, responses, errors)
        output = ({"errors": errors} if errors else {}) | ({"responses": responses} if responses else {})
        return Response(json.dumps(output, separators=(",", ":")))

    async def _dial_once(
        self, protocol: str, host: str, port: str, wanted: str, responses: list[str], errors: list[str]
    ) -> None:
        try:
            if protocol == "udp":
                raise NetworkError("dropped", "reading from udp connection failed. err:'i/o timeout'")  # noqa: TRY301
            url = f"http://{host}:{port}/{wanted}"
            async with asyncio.timeout(_DIAL_SECONDS):
                answer = await fetch(self._run.context.network, url, self._run.streams)
            responses.append(answer.body.decode(errors="replace"))
        except TimeoutError:
            errors.append(f'Get "http://{host}:{port}/{wanted}": context deadline exceeded '
                          "(Client.Timeout exceeded while awaiting headers)")  # fmt: skip
        except CurlError:
            errors.append(f'Get "http://{host}:{port}/{wanted}": dial tcp {host}:{port}: connect: connection refused')
        except NetworkError as error:
            errors.append(str(error))

    async def _shell(self, _request: Request, values: Mapping[str, str]) -> Response:
        command = values.get("shellCommand") or values.get("cmd") or ""
        self._run.log(f"GET /shell?cmd={command}")
        collected = bytearray()

        async def keep(data: bytes) -> None:
            collected.extend(data)

        shell = self._run.shell.subshell()
        code = await shell.program(["sh", "-c", command], Streamset(input_of(b""), keep, keep))
        output = {"output": collected.decode(errors="replace")} if collected else {}
        output = ({"error": f"exit status {code}"} if code else {}) | output
        return Response(json.dumps(output, separators=(",", ":"), ensure_ascii=False))

    async def _upload(self, request: Request, _values: Mapping[str, str]) -> Response:
        self._run.log("GET /upload")
        content = _uploaded(request)
        if content is None:
            return Response('{"error":"Unable to upload file."}')
        name = f"/uploads/upload{secrets.randbelow(10**9)}"
        path = self._run.shell.tree.writable(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o700)
        self._run.log(f"Wrote upload to {name}")
        return Response(json.dumps({"output": name}, separators=(",", ":")), 201)


def _uploaded(request: Request) -> bytes | None:
    """Return the content of the form's field ``file`` (RFC 7578)."""
    boundary = request.header("Content-Type").partition("boundary=")[2].strip('"')
    if not boundary:
        return None
    for part in request.body.split(f"--{boundary}".encode()):
        head, found, body = part.partition(b"\r\n\r\n")
        if found and b'name="file"' in head:
            return body.removesuffix(b"\r\n")
    return None
