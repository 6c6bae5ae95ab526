"""The cluster's network: who has which address, who listens where, and the way between them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from k8slab.clock import Clock, Entropy
from k8slab.emulator.api import Api, Route, Source
from k8slab.emulator.machinery.informer import Informer
from k8slab.emulator.network.addresses import GATEWAY, NODE_ADDRESS, AddressPool
from k8slab.emulator.network.balancing import Balancer
from k8slab.emulator.network.guard import Guard
from k8slab.emulator.network.listeners import Listener
from k8slab.emulator.network.node_ports import NodePorts
from k8slab.emulator.network.routing import ObjectView, Router
from k8slab.kube.objects import dig, uid_of
from k8slab.kube.resources import ENDPOINT_SLICES, NAMESPACES, NETWORK_POLICIES, PODS, SERVICES


class VirtualNetwork:
    """``emulator.api.Fabric``. ``run_dir`` is a short, private folder for unix sockets."""

    def __init__(self, api: Api, run_dir: Path, clock: Clock, entropy: Entropy) -> None:
        self._run_dir = run_dir
        self._informers = [Informer(api, resource, clock) for resource in (SERVICES, ENDPOINT_SLICES, PODS)]
        services, slices, pods = self._informers
        self._pods = pods
        self._pool = AddressPool()
        self._listeners: dict[tuple[str, int], str] = {}
        view = ObjectView(services, slices, pods)
        policies, namespaces = (Informer(api, resource, clock) for resource in (NETWORK_POLICIES, NAMESPACES))
        self._informers += [policies, namespaces]
        guard = Guard(policies, namespaces, pods, self._pool)
        self._router = Router(view, self._pool, self._listeners, Balancer(clock, entropy), entropy, guard)
        self._node_ports = NodePorts(self._router.route_to, self._router.reaches_node_port)
        services.subscribe(self._node_ports.changed)
        slices.subscribe(lambda _before, _after: self._node_ports.look_again())
        self._forwarders: dict[tuple[str, str], tuple[str, Listener]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._watchers: list[Callable[[], None]] = []
        policies.subscribe(lambda _before, _after: self._changed())
        namespaces.subscribe(lambda _before, _after: self._changed())
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Follow the objects; return when the present ones are known and pods have their old addresses again."""
        self._tasks = [asyncio.create_task(informer.run()) for informer in self._informers]
        for informer in self._informers:
            await informer.synced.wait()
        for pod in self._pods.objects():
            address = dig(pod, "status", "podIP", default="")
            if address and dig(pod, "status", "phase") not in ("Succeeded", "Failed"):
                self._pool.claim(uid_of(pod), address)
        await self._node_ports.settle()
        self._tasks.append(asyncio.create_task(self._node_ports.run()))

    async def stop(self) -> None:
        """Close every socket."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._node_ports.stop()
        for _, listener in self._forwarders.values():
            await listener.stop()
        await asyncio.gather(*self._ending)

    def attach(self, uid: str, namespace: str, name: str) -> str:  # noqa: ARG002 - the protocol names the pod
        """Give a pod its address (the same one again for the same uid)."""
        return self._pool.claim(uid)

    def detach(self, uid: str) -> None:
        """Take the address and all listeners of a pod back."""
        address = self._pool.release(uid)
        for key in [key for key in self._listeners if key[0] == address]:
            del self._listeners[key]
        for forwarder in [key for key in self._forwarders if key[0] == address]:
            path, listener = self._forwarders.pop(forwarder)
            task = asyncio.create_task(_end(listener, Path(path)))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def listen(self, address: str, port: int, socket_path: str) -> None:
        """Say that a pod's port is served by a unix socket which expects a PROXY protocol v1 line first."""
        self._listeners[address, port] = socket_path
        self._node_ports.look_again()
        self._changed()

    def unlisten(self, address: str, port: int) -> None:
        """Say that nobody serves the port any more."""
        self._listeners.pop((address, port), None)
        self._node_ports.look_again()
        self._changed()

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` whenever a known route may have become another; return what ends that."""
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    def _changed(self) -> None:
        for changed in list(self._watchers):
            changed()

    def listening(self, address: str) -> list[int]:
        """Return the ports of an address that someone serves."""
        return sorted(port for known, port in self._listeners if known == address)

    def answers(self, source: Source, address: str) -> bool:
        """Tell whether a host has the address: a pod, the node, the gateway, or the source itself."""
        known = (source.address, NODE_ADDRESS, GATEWAY)
        return address in known or address.startswith("127.") or bool(self._pool.owner(address))

    async def route(self, source: Source, host: str, port: int) -> Route:
        """Choose the listener for a new connection; raises ``DialError``."""
        return self._router.route(source, host, port)

    async def resolve(self, source: Source, host: str) -> Sequence[str]:
        """Return the addresses of a name; raises ``NoSuchHostError``."""
        return self._router.resolve(source, host)

    async def upstream(self, source: Source, host: str, port: int) -> str:
        """Return the path of a unix socket that forwards each connection along ``route``."""
        key = (source.address, f"{host}:{port}")
        found = self._forwarders.get(key)
        if found is None:
            digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
            path = str(self._run_dir / f"up-{digest}")
            listener = Listener(lambda: self.route(source, host, port))
            found = self._forwarders[key] = (path, listener)
            await listener.on_unix(path)
        return found[0]

    async def records(self, source: Source, name: str, kind: str) -> Sequence[tuple[str, str, str]] | None:
        """Return name, type and data of the records of a full name; None when there is no such name."""
        found = self._router.records(source, name, kind)
        return None if found is None else [(entry.name, entry.kind, entry.data) for entry in found]

    def ports(self) -> dict[int, int]:
        """Return the real port of 127.0.0.1 for each node port."""
        return self._node_ports.ports()


async def _end(listener: Listener, path: Path) -> None:
    await listener.stop()
    path.unlink(missing_ok=True)
