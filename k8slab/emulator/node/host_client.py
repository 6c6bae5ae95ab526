"""The kubelet's side of the program host: starts it when it is first needed, carries streams, answers its questions."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k8slab.emulator.api import (
    ContainerLog,
    ContainerSpec,
    DroppedError,
    ExecError,
    ExecRequest,
    ExecStreams,
    Fabric,
    NoSuchHostError,
    RefusedError,
    Source,
    StartError,
)  # fmt: skip
from k8slab.emulator.node.runtime_words import runtime_start_words
from k8slab.emulator.node.terminal import TerminalStreams

Message = dict[str, Any]
_KINDS = {RefusedError: "refused", DroppedError: "dropped", NoSuchHostError: "nohost"}
_LARGEST_LINE = 1 << 24


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a program that runs outside the host ended: its exit code and what it printed."""

    code: int
    out: bytes = b""
    err: bytes = b""


# Runs the image's own program (the real nginx) for a shell of the container.
Tool = Callable[[list[str]], Awaitable[ToolResult]]


@dataclass(slots=True)
class _Session:
    """A started program or command: where its output goes and how it ended."""

    output: asyncio.Queue[tuple[str, bytes] | None] | None = None
    log: ContainerLog | None = None
    source: Source = field(default_factory=lambda: Source(""))
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 137
    ports: list[int] = field(default_factory=list)
    tool: Tool | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    # Why the runtime could not start the command, in runc's words.
    refused: str = ""


class ProgramHost:
    """One host process; when it dies, what ran in it has ended with code 137 and the next start makes a new one."""

    def __init__(self, fabric: Fabric, run_dir: Path) -> None:
        self._fabric = fabric
        self._run_dir = run_dir
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._sessions: dict[str, _Session] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()

    async def _ready(self) -> asyncio.StreamWriter:
        async with self._starting:
            if self._writer is None or self._process is None or self._process.returncode is not None:
                await self._launch()
            if self._writer is None:
                raise RuntimeError("the program host did not start")
            return self._writer

    async def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-s", "-E", "-m", "k8slab.emulator.node.host",
            stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL, env={}, start_new_session=True,
            cwd=str(self._run_dir),
        )  # fmt: skip
        theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=_LARGEST_LINE)
        self._reading = asyncio.create_task(self._read(reader))

    async def _send(self, message: Message) -> None:
        writer = await self._ready()
        writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                self._take(json.loads(line))
        for identity in list(self._sessions):
            self._end(identity, 137)

    def _take(self, message: Message) -> None:
        if "ask" in message:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
            return
        session = self._sessions.get(message["id"])
        if session is None:
            return
        if "out" in message:
            data = base64.b64decode(message["data"])
            if session.log is not None:
                session.log.write(message["out"], data)
            if session.output is not None:
                session.output.put_nowait((message["out"], data))
        elif "listen" in message or "unlisten" in message:
            self._listens(session, message)
        elif "refused" in message or "started" in message:
            session.refused = str(message.get("refused", ""))
            session.begun.set()
        elif "exit" in message:
            self._end(message["id"], message["exit"])

    def _listens(self, session: _Session, message: Message) -> None:
        if "listen" in message:
            session.ports.append(message["listen"])
            self._fabric.listen(session.source.address, message["listen"], message["path"])
        else:
            session.ports.remove(message["unlisten"])
            self._fabric.unlisten(session.source.address, message["unlisten"])

    def _end(self, identity: str, code: int) -> None:
        session = self._sessions.pop(identity, None)
        if session is None:
            return
        for port in session.ports:
            self._fabric.unlisten(session.source.address, port)
        session.code = code
        session.begun.set()
        session.ended.set()
        if session.output is not None:
            session.output.put_nowait(None)

    async def _answer(self, message: Message) -> None:
        session = self._sessions.get(message["container"])
        source = session.source if session else Source("")
        reply: Message = {"do": "answer", "number": message["number"]}
        try:
            reply |= await self._found(message, source)
        except (RefusedError, DroppedError, NoSuchHostError) as error:
            reply |= {"error": _KINDS[type(error)], "message": str(error)}
        await self._send(reply)

    async def _found(self, message: Message, source: Source) -> Message:  # noqa: PLR0911 - one return a question
        what = message["ask"]
        if what == "resolve":
            return {"addresses": list(await self._fabric.resolve(source, message["host"]))}
        if what == "tool":
            session = self._sessions.get(message["container"])
            if session is None or session.tool is None:
                return {"code": 127, "out": "", "err": ""}
            made = await session.tool(list(message["argv"]))
            return {
                "code": made.code,
                "out": made.out.decode(errors="replace"),
                "err": made.err.decode(errors="replace"),
            }
        if what == "records":
            found = await self._fabric.records(source, message["name"], message["kind"])
            return {"value": None if found is None else list(found)}
        if what == "answers":
            return {"value": self._fabric.answers(source, message["host"])}
        if what == "listening":
            return {"value": self._fabric.listening(source.address)}
        route = await self._fabric.route(source, message["host"], message["port"])
        return {"path": route.socket_path, "preamble": route.preamble.decode(), "address": route.address}

    async def begin(self, what: str, session: _Session, message: Message) -> str:
        """Start a program or a command; return its id."""
        identity = f"{what}-{next(self._numbers)}"
        self._sessions[identity] = session
        await self._send({"do": what, "id": identity, **message})
        return identity

    async def tell(self, what: str, identity: str, **values: Any) -> None:
        """Send something to a started program, if it still runs."""
        if identity in self._sessions:
            await self._send({"do": what, "id": identity, **values})

    async def run_command(
        self,
        spec: ContainerSpec,
        request: ExecRequest,
        streams: ExecStreams,
        container: str = "",
        tool: Tool | None = None,
    ) -> int:
        """Run a command in a container (its own when it runs in the host); return the exit code."""
        session = _Session(asyncio.Queue(), source=_source(spec))
        message = {
            **self.description(spec), "argv": list(request.command), "container": container, "tty": request.tty,
        }  # fmt: skip
        if not container:
            # The network of a command outside the host is that of its own session.
            message["container"] = f"exec-{next(self._numbers)}"
            self._sessions[message["container"]] = _Session(source=_source(spec), tool=tool)
        identity = await self.begin("exec", session, message)
        if request.tty:
            streams = TerminalStreams(streams, lambda number: self.tell("signal", identity, number=number))
        feeding = asyncio.create_task(self._feed(identity, request, streams))
        sizing = asyncio.create_task(self._size(identity, streams))
        try:
            while session.output is not None and (item := await session.output.get()) is not None:
                await (streams.write_stdout if item[0] == "stdout" else streams.write_stderr)(item[1])
        finally:
            for task in (feeding, sizing):
                task.cancel()
            await asyncio.gather(feeding, sizing, return_exceptions=True)
            await self.tell("stop", identity)
            if not container:
                self._sessions.pop(message["container"], None)
        if session.refused:
            raise ExecError(session.refused)
        return session.code

    async def _feed(self, identity: str, request: ExecRequest, streams: ExecStreams) -> None:
        data = b"more"
        while data:
            data = await streams.read_stdin() if request.stdin else b""
            await self.tell("input", identity, data=base64.b64encode(data).decode())

    async def _size(self, identity: str, streams: ExecStreams) -> None:
        while True:
            columns, rows = await streams.next_size()
            await self.tell("resize", identity, columns=columns, rows=rows)

    def description(self, spec: ContainerSpec) -> Message:
        """Return what the host needs to know of a container."""
        return {
            "root": spec.root, "hostname": spec.hostname, "address": spec.pod_address, "namespace": spec.namespace,
            "env": dict(spec.env), "cwd": spec.working_dir, "image": spec.image,
            "program": spec.extra.get("program", ""),
            "volumes": spec.volumes, "read_only": list(spec.read_only), "system": spec.extra.get("system", ""),
            "writable": spec.extra.get("writable", []), "user": spec.extra.get("user", {}),
            "stdin": spec.stdin, "tty": spec.tty,
            "sockets": str(self._run_dir / "h" / f"{spec.pod_uid[:8]}-{spec.container[:16]}"),
        }  # fmt: skip

    async def stop(self) -> None:
        """End the host and everything in it."""
        if self._writer is not None:
            self._writer.close()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, *self._answering, return_exceptions=True)


def _source(spec: ContainerSpec) -> Source:
    return Source(spec.pod_address, spec.namespace, spec.pod_name)


class HostProgram:
    """``emulator.api.Program`` for everything that the host runs."""

    def __init__(self, host: ProgramHost) -> None:
        self._host = host

    async def start(self, spec: ContainerSpec, log: ContainerLog, tool: Tool | None = None) -> HostContainer:
        """Start the program of the image, or the command of the manifest; raises ``StartError``."""
        session = _Session(log=log, source=_source(spec), tool=tool)
        message = {**self._host.description(spec), "argv": list(_argv(spec))}
        if spec.extra.get("given"):
            message["program"] = ""
        identity = await self._host.begin("start", session, message)
        await session.begun.wait()
        if session.refused:
            raise StartError(runtime_start_words(session.refused))
        return HostContainer(self._host, spec, identity, session)


def _argv(spec: ContainerSpec) -> tuple[str, ...]:
    words = (*spec.command, *spec.args)
    # The entrypoint of the curl image runs ``curl`` itself when the first argument is no command.
    if spec.command[:1] == ("/entrypoint.sh",):
        rest = words[1:]
        return rest if rest[:1] and not rest[0].startswith("-") else ("curl", *rest)
    return words


class HostContainer:
    """One program in the host."""

    def __init__(self, host: ProgramHost, spec: ContainerSpec, identity: str, session: _Session) -> None:
        self._host = host
        self._spec = spec
        self._identity = identity
        self._session = session

    async def wait(self) -> int:
        """Return the exit code when the program ends."""
        await self._session.ended.wait()
        return self._session.code

    async def stop(self, grace_seconds: float) -> None:
        """Ask the program to end with the image's stop signal, by force after the grace period."""
        number = getattr(signal, f"SIG{self._spec.extra.get('stop_signal', 'TERM')}")
        await self._host.tell("signal", self._identity, number=int(number))
        try:
            async with asyncio.timeout(grace_seconds):
                await self._session.ended.wait()
        except TimeoutError:
            await self._host.tell("signal", self._identity, number=int(signal.SIGKILL))
            await self._session.ended.wait()

    async def send_input(self, data: bytes) -> None:
        """Send input to the program; empty data ends it."""
        await self._host.tell("input", self._identity, data=base64.b64encode(data).decode())

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the size of the client's terminal."""
        await self._host.tell("resize", self._identity, columns=columns, rows=rows)

    async def signal(self, number: int) -> None:
        """Send a signal to what runs in the foreground."""
        await self._host.tell("signal", self._identity, number=number)

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Run another command in the container."""
        return await self._host.run_command(self._spec, request, streams, self._identity)


def programs_of(host: ProgramHost, names: tuple[str, ...]) -> Mapping[str, HostProgram]:
    """Return the host's program for each of the names."""
    program = HostProgram(host)
    return dict.fromkeys(names, program)
