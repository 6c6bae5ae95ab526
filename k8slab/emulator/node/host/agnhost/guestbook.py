"""agnhost guestbook: a store with replicas (test/images/agnhost/guestbook/guestbook.go)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from k8slab.emulator.node.host.agnhost.flags import Flags
from k8slab.emulator.node.host.agnhost.netexec import values_of
from k8slab.emulator.node.host.agnhost.running import Running
from k8slab.emulator.node.host.curl import CurlError, fetch
from k8slab.emulator.node.host.http_server import Request, Response, serve_with

_DEFAULTS: Mapping[str, str | int | bool] = {"http-port": 80, "backend-port": 6379, "replicaof": ""}
_TRIES, _PAUSE = 60, 1.0


async def guestbook(run: Running) -> int:
    """Serve until told to end."""
    book = _Guestbook(run, Flags(run.words, _DEFAULTS, {}))
    run.unasked()
    return await book.serve()


class _Guestbook:
    def __init__(self, run: Running, flags: Flags) -> None:
        self._run = run
        self._backend = flags.number("backend-port")
        self._port = flags.number("http-port")
        self._primary = flags.text("replicaof")
        self._store: dict[str, str] = {}
        self._replicas: list[str] = []

    async def serve(self) -> int:
        await self._run.context.network.listen(self._port, serve_with(self._answer))
        if self._primary and not await self._register():
            self._run.log("Timed out while registering to primary.")
            return 1
        return await self._run.ended

    async def _get(self, host: str, request: str) -> str:
        url = f"http://{host}:{self._backend}/{request}"
        async with asyncio.timeout(5):
            answer = await fetch(self._run.context.network, url, self._run.streams)
        return answer.body.decode(errors="replace")

    async def _register(self) -> bool:
        for _ in range(_TRIES):
            request = f"register?host={self._run.context.address}"
            self._run.log(f"Registering to primary: {self._primary}:{self._backend}/{request}")
            try:
                self._store = dict(json.loads(await self._get(self._primary, request))["data"])
            except (CurlError, TimeoutError, ValueError, KeyError, TypeError) as error:
                self._run.log(f"encountered error while registering to primary: {error}. Retrying in 1s.")
                await asyncio.sleep(_PAUSE)
                continue
            self._run.log(f"Registered to node: {self._primary}")
            return True
        return False

    async def _answer(self, request: Request) -> Response:
        values = values_of(request)
        path = urlsplit(request.target).path
        try:
            if path == "/register":
                return self._registered(values)
            if path == "/get":
                return self._read(values)
            if path == "/set":
                return await self._write(values)
            if path == "/guestbook":
                return await self._front(values)
        except (CurlError, TimeoutError) as error:
            return Response(f"encountered error: {error}\n", 417)
        return Response("404 page not found\n", 404)

    def _registered(self, values: Mapping[str, str]) -> Response:
        self._run.log(f"GET /register?host={values.get('host', '')}")
        self._replicas.append(values.get("host", ""))
        self._run.log(f"Node '{values.get('host', '')}' registered.")
        return _json({"data": self._store})

    def _read(self, values: Mapping[str, str]) -> Response:
        key = values.get("key", "")
        self._run.log(f"GET /get?key={key}")
        return _json({"data": self._store.get(key, "") if key else self._store})

    async def _write(self, values: Mapping[str, str]) -> Response:
        key, value = values.get("key", ""), values.get("value", "")
        self._run.log(f"GET /set?key={key}&value={value}")
        if not key:
            return Response("cannot set with empty key.\n", 400)
        self._store[key] = value
        for replica in self._replicas:
            await self._get(replica, f"set?key={quote(key)}&value={quote(value)}")
        return _json({"message": "Updated"})

    async def _front(self, values: Mapping[str, str]) -> Response:
        command, key, value = (values.get(name, "") for name in ("cmd", "key", "value"))
        self._run.log(f"GET /guestbook?cmd={command}&key={key}&value={value}")
        if command.lower() not in ("get", "set"):
            return Response(f"unsupported cmd: '{command.lower()}'\n", 400)
        if command.lower() == "set" and not key:
            return Response("cannot set with empty key.\n", 400)
        host = "agnhost-replica" if command.lower() == "get" else "agnhost-primary"
        return Response(await self._get(host, f"{command.lower()}?key={quote(key)}&value={quote(value)}"))


def _json(value: object) -> Response:
    return Response(json.dumps(value, separators=(",", ":")))
