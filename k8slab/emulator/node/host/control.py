"""The host's side of its one connection: JSON lines. When the connection ends, the host ends.

From the kubelet: ``start``, ``exec``, ``input``, ``stop``, ``answer``. To it: ``out``, ``exit``, ``ask``, ``listen``.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from k8slab.emulator.node.host.context import NetworkError, ProgramContext, Serve, Streams, Streamset
from k8slab.emulator.node.host.executables import cannot_run, commands_of
from k8slab.emulator.node.host.servers import SERVERS
from k8slab.emulator.node.host.shell.interpreter import ExitShellError, Shell

Message = dict[str, Any]


class HostControl:
    """Runs programs by id and carries their streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # The number of the signal that ends each.
        self._killed: dict[str, int] = {}
        self._contexts: dict[str, ProgramContext] = {}
        self._inputs: dict[str, asyncio.Queue[bytes]] = {}
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Serve until the kubelet is gone."""
        while line := await self._reader.readline():
            self._take(json.loads(line))

    def _take(self, message: Message) -> None:
        identity = str(message.get("id", ""))
        match message["do"]:
            case "start":
                self._tasks[identity] = asyncio.create_task(self._start(identity, message))
            case "exec":
                # Input may follow at once, before the task runs.
                streams = self._streams(identity)
                self._tasks[identity] = asyncio.create_task(self._exec(identity, message, streams))
            case "input":
                if identity in self._inputs:
                    self._inputs[identity].put_nowait(base64.b64decode(message["data"]))
            case "stop" | "signal":
                if identity in self._tasks:
                    self._killed[identity] = int(message.get("number", signal.SIGTERM))
                    self._tasks[identity].cancel()
            case "answer":
                waiting = self._answers.pop(message["number"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)

    def send(self, message: Message) -> None:
        """Send one line."""
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def ask(self, what: str, container: str, **values: Any) -> Message:
        """Ask the kubelet and return its answer."""
        number = next(self._numbers)
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        self.send({"ask": what, "number": number, "container": container, **values})
        return await waiting

    def _streams(self, identity: str) -> Streamset:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._inputs[identity] = queue

        def writer(stream: str) -> Callable[[bytes], Awaitable[None]]:
            async def write(data: bytes) -> None:
                if data:
                    self.send({"out": stream, "id": identity, "data": base64.b64encode(data).decode()})
                    await self._writer.drain()

            return write

        return Streamset(queue.get, writer("stdout"), writer("stderr"))

    async def _start(self, identity: str, message: Message) -> None:
        network = _HostNetwork(self, identity, message["sockets"])
        context = ProgramContext(
            root=message["root"], hostname=message["hostname"], address=message["address"],
            namespace=message["namespace"], env=dict(message["env"]), cwd=message["cwd"], network=network,
            streams=self._streams(identity), image=message["image"], facts={"program": message["program"]},
            volumes=message["volumes"], read_only=tuple(message["read_only"]),
        )  # fmt: skip
        self._contexts[identity] = context
        # A container's standard input is closed unless the pod asks for one.
        if not message["stdin"]:
            self._inputs[identity].put_nowait(b"")
        try:
            argv = list(message["argv"])
            problem = "" if message["program"] in SERVERS else self._problem(context, argv)
            self.send({"refused": problem, "id": identity} if problem else {"started": True, "id": identity})
            await self._finish(identity, self._main(context, argv) if not problem else _nothing())
        finally:
            self._contexts.pop(identity, None)
            await network.close()

    def _problem(self, context: ProgramContext, argv: list[str]) -> str:
        return cannot_run(Shell(context, commands_of(context.image, "")), argv[0]) if argv else "no command specified"

    async def _main(self, context: ProgramContext, argv: list[str]) -> int:
        server = SERVERS.get(str(context.facts.get("program")))
        if server is not None:
            return await server(context, argv[1:])
        shell = Shell(context, commands_of(context.image, ""))
        return await shell.execute(argv, context.streams)

    async def _exec(self, identity: str, message: Message, streams: Streamset) -> None:
        known = self._contexts.get(message["container"])
        if known is None:
            root = message["root"]
            network = _HostNetwork(self, message["container"], message["sockets"])
            known = ProgramContext(
                root=root, hostname=message["hostname"], address=message["address"], namespace=message["namespace"],
                env=dict(message["env"]), cwd=message["cwd"], network=network, streams=streams, image=message["image"],
                volumes=message["volumes"], read_only=tuple(message["read_only"]),
            )  # fmt: skip
        context = replace(known, env=dict(known.env), streams=streams)
        shell = Shell(context, commands_of(context.image, message["program"]))
        problem = cannot_run(shell, message["argv"][0])
        if problem:
            self.send({"refused": problem, "id": identity})
            await self._finish(identity, _nothing())
            return
        await self._finish(identity, shell.execute(list(message["argv"]), streams))

    async def _finish(self, identity: str, running: Awaitable[int]) -> None:
        code = 137
        try:
            code = await running
        except asyncio.CancelledError:
            code = 128 + self._killed.get(identity, signal.SIGTERM)
        except ExitShellError as error:
            code = error.code
        except (OSError, ValueError, KeyError, IndexError, RecursionError) as error:
            text = f"{type(error).__name__}: {error}\n".encode()
            self.send({"out": "stderr", "id": identity, "data": base64.b64encode(text).decode()})
            code = 2
        finally:
            self._inputs.pop(identity, None)
            self._tasks.pop(identity, None)
            self._killed.pop(identity, None)
            self.send({"exit": code, "id": identity})


async def _nothing() -> int:
    return 0


class _HostNetwork:
    """The network of one pod, asked for over the control connection."""

    def __init__(self, control: HostControl, container: str, sockets: str) -> None:
        self._control = control
        self._container = container
        self._sockets = sockets
        self._servers: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def dial(self, host: str, port: int) -> tuple[Streams, str]:
        """Connect along a route of the fabric; raises ``NetworkError``."""
        answer = await self._control.ask("route", self._container, host=host, port=port)
        if "error" in answer:
            raise NetworkError(answer["error"], answer.get("message", ""))
        try:
            reader, writer = await asyncio.open_unix_connection(answer["path"])
        except OSError as error:
            raise NetworkError("refused", str(error)) from error
        writer.write(answer["preamble"].encode())
        return (reader, writer), answer["address"]

    async def resolve(self, host: str) -> list[str]:
        """Return the addresses of a name; raises ``NetworkError``."""
        answer = await self._control.ask("resolve", self._container, host=host)
        if "error" in answer:
            raise NetworkError(answer["error"], answer.get("message", ""))
        return list(answer["addresses"])

    async def listen(self, port: int, serve: Serve) -> None:
        """Serve a port of the pod until the container ends."""
        Path(self._sockets).mkdir(parents=True, exist_ok=True)
        path = f"{self._sockets}/{port}"
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - a socket of an earlier run

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(serve(reader, writer))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

        self._servers.append(await asyncio.start_unix_server(accept, path))
        self._control.send({"listen": port, "id": self._container, "path": path})

    async def close(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.close()
        for task in self._serving:
            task.cancel()
