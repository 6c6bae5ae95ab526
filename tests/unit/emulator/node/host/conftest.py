from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from k8slab.emulator.node.host.context import NetworkError, ProgramContext, Streamset, input_of
from k8slab.emulator.node.host.executables import system_of
from k8slab.emulator.node.host.processes import Process, run_as
from k8slab.emulator.node.host.shell.interpreter import Shell
from k8slab.emulator.node.host.shell.state import State


@dataclass
class NoNetwork:
    names: dict[str, list[str]] = field(default_factory=dict)

    async def resolve(self, host: str) -> list[str]:
        if host not in self.names:
            raise NetworkError("nohost", host)
        return self.names[host]

    async def dial(self, host: str, port: int) -> object:
        raise NetworkError("refused" if host in self.names else "nohost", f"{host}:{port}")

    async def answers(self, address: str) -> bool:
        return any(address in found for found in self.names.values())

    async def listening(self) -> list[int]:
        return [80]


@dataclass
class Ran:
    out: str
    err: str
    code: int


@dataclass
class Pod:
    """A container's tree and one shell after another in it."""

    root: Path
    system: str = "busybox"
    env: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"})
    facts: dict[str, object] = field(default_factory=dict)
    read_only: tuple[str, ...] = ()
    volumes: str = ""
    network: NoNetwork = field(default_factory=NoNetwork)
    context: ProgramContext | None = None

    def begin(
        self, argv: list[str], stdin: bytes = b""
    ) -> tuple[Process, Callable[[], object], list[bytes], list[bytes]]:
        out: list[bytes] = []
        err: list[bytes] = []

        async def take(data: bytes) -> None:
            out.append(data)

        async def complain(data: bytes) -> None:
            err.append(data)

        streams = Streamset(input_of(stdin), take, complain)
        context = ProgramContext(
            root=str(self.root), hostname="web-0", address="10.244.0.7", namespace="shop", env=dict(self.env), cwd="/",
            network=self.network, streams=streams, facts=self.facts, read_only=self.read_only, volumes=self.volumes,
        )  # fmt: skip
        self.context = context
        process = context.processes.spawn(argv)
        shell = Shell(system_of(self.system), State(context, process=process))
        shell.replaced = True
        return process, lambda: run_as(context.processes, process, shell.program(argv, streams)), out, err

    async def run(self, *argv: str, stdin: bytes = b"") -> Ran:
        _, work, out, err = self.begin(list(argv), stdin)
        code = await work()
        self.context.processes.end_all()
        await asyncio.sleep(0)
        text = [b"".join(part).decode(errors="replace") for part in (out, err)]
        return Ran(text[0], text[1], code)

    async def sh(self, script: str, stdin: bytes = b"") -> Ran:
        return await self.run("sh", "-c", script, stdin=stdin)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    root = tmp_path / "root"
    for name in ("tmp", "etc", "root", "home", "usr", "var"):
        (root / name).mkdir(parents=True)
    return Pod(root)
