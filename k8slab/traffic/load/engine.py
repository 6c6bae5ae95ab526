"""Sends the requests of a plan when they are due, whether earlier ones have been answered or not."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable

from k8slab.traffic.load.answers import AnswerReader
from k8slab.traffic.load.samples import Plan, Run, Sample

# Takes the head and body of an answer and returns which version gave it.
Versioner = Callable[[bytes, bytes], str]


class _Connection(asyncio.Protocol):
    """One connection; ``finished`` is told of each answer (a reader) or failure (a text)."""

    def __init__(self, finished: Callable[[_Connection, AnswerReader | None, str], None]) -> None:
        self._finished = finished
        self._reader: AnswerReader | None = None
        self.transport: asyncio.Transport | None = None
        self.used = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.transport = transport

    def ask(self, data: bytes) -> None:
        self._reader = AnswerReader()
        self.used += 1
        if self.transport is not None:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            return
        try:
            self._reader.feed(data)
        except ValueError as error:
            self._tell(None, str(error))
            return
        if self._reader.done:
            self._tell(self._reader, "")

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._reader is None:
            return
        self._reader.end()
        self._tell(
            self._reader if self._reader.done else None, str(exc or "the connection was closed without an answer")
        )

    def _tell(self, reader: AnswerReader | None, error: str) -> None:
        self._reader = None
        self._finished(self, reader, "" if reader else error)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class _Job:
    """One request on its way."""

    __slots__ = ("due", "sent", "timer", "tries")

    def __init__(self, due: float) -> None:
        self.due, self.sent, self.tries = due, 0.0, 0
        self.timer: asyncio.TimerHandle | None = None


class Engine:
    """Runs one plan in an asyncio loop; ``run.samples`` grows while it does."""

    def __init__(self, run: Run, versioner: Versioner) -> None:
        self._run, self._plan, self._versioner = run, run.plan, versioner
        self._idle: list[_Connection] = []
        self._busy: dict[_Connection, _Job] = {}
        self._waiting: deque[_Job] = deque()
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = 0.0
        self._left = self._plan.count
        self._done = asyncio.Event()
        self._request = _request_bytes(self._plan)
        self._tls = _tls_context() if self._plan.tls else None

    async def execute(self) -> None:
        """Send everything and wait for the answers."""
        self._began = time.perf_counter()
        for number in range(self._plan.count):
            due = self._plan.due(number)
            delay = due - self._now()
            if delay > 0:
                await asyncio.sleep(delay)
            elif number % 50 == 0:
                await asyncio.sleep(0)  # behind the plan: still let answers in
            if self._run.stopped:
                self._left -= self._plan.count - number
                break
            self._start(_Job(due))
        if self._left > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._plan.timeout + 1):
                    await self._done.wait()
        await self._close()

    def _now(self) -> float:
        return time.perf_counter() - self._began

    def _start(self, job: _Job) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None:
                self._send(connection, job)
                return
        if len(self._busy) + self._opening < self._plan.concurrency:
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._open(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._waiting.append(job)

    async def _open(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        name = self._plan.server_name if self._tls else None
        try:
            async with asyncio.timeout(self._plan.timeout):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self._finished),
                    self._plan.host,
                    self._plan.port,
                    ssl=self._tls,
                    server_hostname=name,
                )
        except (OSError, TimeoutError) as error:
            self._opening -= 1
            job.sent = job.sent or self._now()
            self._record(job, 0, "", _words(error))
            return
        self._opening -= 1
        self._send(connection, job)

    def _send(self, connection: _Connection, job: _Job) -> None:
        job.sent = self._now()
        job.tries += 1
        self._busy[connection] = job
        job.timer = asyncio.get_running_loop().call_later(self._plan.timeout, connection.close)
        connection.ask(self._request)

    def _finished(self, connection: _Connection, reader: AnswerReader | None, error: str) -> None:
        job = self._busy.pop(connection, None)
        if job is None:
            return
        if job.timer is not None:
            job.timer.cancel()
        if reader is None and connection.used > 1 and job.tries == 1:
            self._start(job)  # a kept connection that the server had just closed: no answer was lost
            return
        if reader is not None:
            self._record(job, reader.status, self._versioner(reader.head, reader.body), "")
        else:
            self._record(job, 0, "", error)
        if reader is None or reader.closes or not self._plan.reuse:
            connection.close()
        else:
            self._idle.append(connection)
        if self._waiting:
            self._start(self._waiting.popleft())

    def _record(self, job: _Job, status: int, version: str, error: str) -> None:
        self._run.samples.append(Sample(job.due, job.sent, self._now() - job.due, status, version, error))
        self._left -= 1
        if self._left <= 0:
            self._done.set()

    async def _close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in (*self._idle, *self._busy):
            connection.close()
        await asyncio.sleep(0)


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return str(getattr(error, "strerror", "") or error)


def _request_bytes(plan: Plan) -> bytes:
    headers = {"Host": plan.server_name, "User-Agent": "k8slab-load", "Accept": "*/*", **dict(plan.headers)}
    if not plan.reuse:
        headers["Connection"] = "close"
    if any("\n" in text or "\r" in text for pair in headers.items() for text in pair) or " " in plan.path:
        raise ValueError("a header or the path holds a line break or a space")
    lines = [f"{plan.method} {plan.path} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def start(run: Run, versioner: Versioner) -> threading.Thread:
    """Run the plan in a thread with a loop of its own (a notebook's thread has one already)."""

    def work() -> None:
        async def main() -> None:
            await Engine(run, versioner).execute()

        asyncio.run(main())

    thread = threading.Thread(target=work, name="k8slab load", daemon=True)
    thread.start()
    return thread
