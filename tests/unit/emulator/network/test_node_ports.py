"""A node port keeps its number, and refuses while nobody can answer."""

from __future__ import annotations

import asyncio
from typing import Any

from k8slab.emulator.api import RefusedError, Route, Source
from k8slab.emulator.network.node_ports import NodePorts


def service(*ports: int) -> dict[str, Any]:
    return {"kind": "Service", "spec": {"ports": [{"port": 80, "nodePort": port} for port in ports]}}


def refuse(_source: Source, _host: str, port: int) -> Route:
    raise RefusedError(str(port))


async def outcome(port: int) -> str:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return "refused"
    try:
        return "closed" if await reader.read(1) == b"" else "answered"
    except ConnectionResetError:
        return "reset"
    finally:
        writer.close()


async def test_a_port_without_listeners_refuses_and_opens_as_soon_as_one_comes():
    reachable: set[int] = set()
    doors = NodePorts(refuse, lambda port: port in reachable)
    doors.changed(None, service(31234))
    await doors.settle()
    real = doors.ports()[31234]
    assert await outcome(real) == "refused"
    reachable.add(31234)
    await doors.settle()
    assert doors.ports()[31234] == real
    # The route itself refuses in this test: the connection was accepted before.
    assert await outcome(real) in ("reset", "closed")
    reachable.clear()
    await doors.settle()
    assert doors.ports()[31234] == real
    assert await outcome(real) == "refused"
    await doors.stop()
    assert doors.ports() == {}


async def test_a_taken_number_is_served_on_another_one():
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    number = taken.sockets[0].getsockname()[1]
    doors = NodePorts(refuse, lambda _port: True)
    doors.changed(None, service(number))
    await doors.settle()
    assert doors.ports()[number] != number
    doors.changed(service(number), None)
    await doors.settle()
    assert doors.ports() == {}
    taken.close()
