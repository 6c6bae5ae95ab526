"""The host's side of its one connection: JSON lines. When the connection ends, the host ends.

From the kubelet: ``start``, ``exec``, ``input``, ``signal``, ``stop``, ``answer``. To it: ``started``, ``refused``,
``out``, ``exit``, ``ask``, ``listen``, ``unlisten``.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import itertools
import json
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from k8slab.emulator.node.host.context import (
    Input,
    Network,
    NetworkError,
    ProgramContext,
    Serve,
    Streams,
    Streamset,
)
from k8slab.emulator.node.host.executables import cannot_run, system_of
from k8slab.emulator.node.host.processes import Process, ProcessTable, run_as
from k8slab.emulator.node.host.servers import SERVERS, as_server
from k8slab.emulator.node.host.shell.interpreter import Shell
from k8slab.emulator.node.host.shell.state import ExitShellError, State

Message = dict[str, Any]
# What Ctrl-C and Ctrl-\\ send.
_FROM_KEYS = (signal.SIGINT, signal.SIGQUIT)


class HostControl:
    """Runs programs by id and carries their streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # The first process of each session.
        self._first: dict[str, tuple[ProcessTable, Process]] = {}
        self._contexts: dict[str, ProgramContext] = {}
        self._inputs: dict[str, asyncio.Queue[bytes]] = {}
        self._tables: WeakValueDictionary[str, ProcessTable] = WeakValueDictionary()
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
            case "stop":
                if identity in self._tasks:
                    self._tasks[identity].cancel()
            case "signal":
                self._signal(identity, int(message["number"]))
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

        return Streamset(Input(queue.get), writer("stdout"), writer("stderr"))

    def _context(self, message: Message, network: Network, streams: Streamset) -> ProgramContext:
        facts = {"program": message["program"], "writable": message.get("writable", []), **message.get("user", {})}
        return ProgramContext(
            root=message["root"], hostname=message["hostname"], address=message["address"],
            namespace=message["namespace"], env=dict(message["env"]), cwd=message["cwd"], network=network,
            streams=streams, image=message["image"], facts=facts, volumes=message["volumes"],
            read_only=tuple(message["read_only"]),
        )  # fmt: skip

    async def _start(self, identity: str, message: Message) -> None:
        network = _HostNetwork(self, identity, message["sockets"])
        streams = self._streams(identity)
        streams.terminal = bool(message.get("tty"))
        context = self._context(message, network, streams)
        self._contexts[identity] = context
        if not message.get("stdin"):
            # A container's standard input is closed unless the pod asks for one.
            self._inputs[identity].put_nowait(b"")
        try:
            await self._finish(identity, self._main(identity, context, message))
        finally:
            self._contexts.pop(identity, None)
            context.processes.end_all()
            await network.close()

    async def _main(self, identity: str, context: ProgramContext, message: Message) -> int:
        argv = list(message["argv"])
        process = context.processes.spawn(argv)
        self._first[identity] = (context.processes, process)
        server = SERVERS.get(str(context.facts.get("program")))
        if server is not None:
            self.send({"started": True, "id": identity})
            return await as_server(server, context, process)
        return await self._command(identity, context, process, message.get("system", ""))

    async def _command(self, identity: str, context: ProgramContext, process: Process, system: str) -> int:
        shell = Shell(system_of(system), State(context, process=process))
        argv = list(process.argv)
        problem = cannot_run(shell, argv[0]) if argv else "no command specified"
        if problem:
            context.processes.ended(process)
            self.send({"refused": problem, "id": identity})
            return 128
        self.send({"started": True, "id": identity})
        shell.replaced = True
        return await run_as(context.processes, process, shell.program(argv, context.streams))

    async def _exec(self, identity: str, message: Message, streams: Streamset) -> None:
        streams.terminal = bool(message.get("tty"))
        known = self._contexts.get(message["container"])
        if known is None:
            known = self._context(message, _HostNetwork(self, message["container"], message["sockets"]), streams)
            known.processes = self._table(message["sockets"])
        context = replace(known, env=dict(known.env), streams=streams)
        process = context.processes.spawn(list(message["argv"]), 0, context.cwd)
        self._first[identity] = (context.processes, process)
        await self._finish(identity, self._command(identity, context, process, message.get("system", "")))

    def _table(self, place: str) -> ProcessTable:
        """Return the processes of a container whose own program runs elsewhere: the real nginx is the first."""
        table = self._tables.get(place)
        if table is None:
            table = self._tables[place] = ProcessTable()
            table.reserve(["nginx: master process nginx -g daemon off;"])
            table.reserve(["nginx: worker process"])
        return table

    def _signal(self, identity: str, number: int) -> None:
        """Send a signal to a session's first process; an interrupt goes to all that it started (a terminal's job)."""
        table, process = self._first.get(identity, (None, None))
        if table is None or process is None:
            return
        if number in _FROM_KEYS:
            for entry in table.descendants(process):
                entry.deliver(number)
        process.deliver(number)

    async def _finish(self, identity: str, running: Awaitable[int]) -> None:
        code = 137
        try:
            code = await running
        except asyncio.CancelledError:
            code = 128 + signal.SIGTERM
        except ExitShellError as error:
            code = error.code
        except (OSError, ValueError, KeyError, IndexError, RecursionError) as error:
            text = f"{type(error).__name__}: {error}\n".encode()
            self.send({"out": "stderr", "id": identity, "data": base64.b64encode(text).decode()})
            code = 2
        finally:
            self._inputs.pop(identity, None)
            self._tasks.pop(identity, None)
            self._first.pop(identity, None)
            self.send({"exit": code, "id": identity})


class _HostNetwork:
    """The network of one pod, asked for over the control connection."""

    def __init__(self, control: HostControl, container: str, sockets: str) -> None:
        self._control = control
        self._container = container
        self._sockets = sockets
        self._servers: dict[int, asyncio.Server] = {}
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
        """Serve a port of the pod until the container ends; raises ``OSError`` when another container has it."""
        if port in await self.listening():
            raise OSError(errno.EADDRINUSE, "address already in use", f":{port}")
        Path(self._sockets).mkdir(parents=True, exist_ok=True)
        path = f"{self._sockets}/{port}"
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - a socket of an earlier run

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(serve(reader, writer))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

        self._servers[port] = await asyncio.start_unix_server(accept, path)
        self._control.send({"listen": port, "id": self._container, "path": path})

    async def unlisten(self, port: int) -> None:
        """Stop serving a port."""
        server = self._servers.pop(port, None)
        if server is not None:
            server.close()
            self._control.send({"unlisten": port, "id": self._container})

    async def tool(self, arguments: list[str]) -> tuple[int, bytes, bytes]:
        """Run the image's own program outside the host; return its exit code and what it printed."""
        answer = await self._control.ask("tool", self._container, argv=arguments)
        return int(answer["code"]), str(answer["out"]).encode(), str(answer["err"]).encode()

    async def records(self, name: str, kind: str) -> list[tuple[str, str, str]] | None:
        """Return name, type and data of a full name's records; None when there is no such name."""
        answer = await self._control.ask("records", self._container, name=name, kind=kind)
        if "error" in answer:
            raise NetworkError(answer["error"], answer.get("message", ""))
        found = answer["value"]
        return None if found is None else [(entry[0], entry[1], entry[2]) for entry in found]

    async def answers(self, address: str) -> bool:
        """Tell whether someone has the address."""
        return bool((await self._control.ask("answers", self._container, host=address))["value"])

    async def listening(self) -> list[int]:
        """Return the pod's ports that are listened on."""
        return list((await self._control.ask("listening", self._container))["value"])

    async def close(self) -> None:
        """Stop serving."""
        for server in self._servers.values():
            server.close()
        for task in self._serving:
            task.cancel()
