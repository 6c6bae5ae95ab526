"""The protocols through which the parts of the embedded cluster meet.

Controllers, node, network and ingress never import each other. They talk to ``Api`` (the only way to read and
write objects), to ``Fabric`` (the only way to reach another address) and through ``PodAccess`` the API server
reaches the kubelet. ``cluster.py`` wires the real things behind these names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
PatchType = Literal["json", "merge", "strategic", "apply"]


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change, in revision order. A ``BOOKMARK`` carries only a revision."""

    type: EventType
    object: Obj
    revision: int


@dataclass(frozen=True, slots=True)
class ObjectList:
    """The objects of a collection as they were at ``revision``."""

    items: list[Obj]
    revision: int


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must still be true of the object when the write happens."""

    uid: str = ""
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """``metav1.DeleteOptions``; None means that the client did not say."""

    grace_period_seconds: int | None = None
    propagation_policy: Literal["", "Orphan", "Background", "Foreground"] = ""
    preconditions: Preconditions = field(default_factory=Preconditions)
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user of the API, as authentication found it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Api(Protocol):
    """The Kubernetes API as parts of the cluster use it, in process.

    Objects given and returned belong to the caller (fresh copies). Every method raises ``kube.status.ApiError`` with
    the same ``Status`` that a client over HTTPS gets. ``namespace`` is empty for cluster-scoped resources and,
    in ``list`` and ``watch``, for all namespaces. Selectors are texts, as in a URL (``app=web,tier!=db``).
    """

    async def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """Return one object."""
        ...

    async def list(
        self, resource: Resource, namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ObjectList:
        """Return a collection and the revision it was read at."""
        ...

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        since: int | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[WatchEvent]:
        """Yield changes after revision ``since``.

        None: the present objects as ``ADDED`` first, then a ``BOOKMARK`` that ends them, then the changes.
        """
        ...

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "", name: str = "") -> Obj:
        """Store a new object (its metadata says where); ``subresource`` such as ``binding`` of ``name``."""
        ...

    async def update(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """Replace an object, or only its ``status`` with that subresource; a stale resourceVersion is a conflict."""
        ...

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Obj | Sequence[Obj],
        *,
        patch_type: PatchType = "merge",
        subresource: str = "",
    ) -> Obj:
        """Change the fields that the patch names."""
        ...

    async def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None) -> Obj:
        """Begin or finish a deletion (finalizers and grace periods apply)."""
        ...


# --- the network ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where a connection comes from. ``address`` is virtual; namespace and name are empty outside pods."""

    address: str
    namespace: str = ""
    pod: str = ""


class DialError(ConnectionError):
    """A connection that the fabric did not make."""


class RefusedError(DialError):
    """Someone answered and said no: nobody listens, or the Service has no endpoints."""


class DroppedError(DialError):
    """The packet went nowhere: no such address, or a policy dropped it. Real clients wait until they time out."""


class NoSuchHostError(DialError):
    """DNS has no such name."""


@dataclass(frozen=True, slots=True)
class Route:
    """How one connection reaches a listener.

    ``socket_path`` is the unix socket; ``preamble`` (a PROXY protocol v1 line with the virtual client and server
    addresses) is to be written first; ``address`` and ``port`` are the pod's after Service translation.
    """

    socket_path: str
    preamble: bytes
    address: str
    port: int


class Dialer(Protocol):
    """Finds the way of one connection."""

    async def route(self, source: Source, host: str, port: int) -> Route:
        """Choose the listener for a new TCP connection to a name or address; raises ``DialError``."""
        ...

    async def resolve(self, source: Source, host: str) -> Sequence[str]:
        """Return the addresses of a name, with the search domains of the source's pod; raises ``NoSuchHostError``."""
        ...


class Fabric(Dialer, Protocol):
    """The cluster's network as the kubelet uses it."""

    def attach(self, uid: str, namespace: str, name: str) -> str:
        """Give a pod its address (the same one again for the same uid)."""
        ...

    def detach(self, uid: str) -> None:
        """Take the address and all listeners of a pod back."""
        ...

    def listen(self, address: str, port: int, socket_path: str) -> None:
        """Say that a pod's port is served by a unix socket which expects a PROXY protocol v1 line first."""
        ...

    def unlisten(self, address: str, port: int) -> None:
        """Say that nobody serves the port any more."""
        ...

    async def records(self, source: Source, name: str, kind: str) -> Sequence[tuple[str, str, str]] | None:
        """Return ``(name, type, data)`` of a full name's DNS records; None when there is no such name (NXDOMAIN).

        Raises ``DialError`` where the name server cannot be reached.
        """
        ...

    def listening(self, address: str) -> Sequence[int]:
        """Return the ports of an address that someone serves."""
        ...

    def answers(self, source: Source, address: str) -> bool:
        """Tell whether a host has the address, so that it would answer a ping; Services' addresses have none."""
        ...

    async def upstream(self, source: Source, host: str, port: int) -> str:
        """Return the path of a unix socket that forwards each connection along ``route`` (for a pod's nginx)."""
        ...

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` whenever a known route may have become another; return what ends that.

        It is for who keeps routes, as a load balancer does: listeners that come and go, and policies.
        """
        ...


# --- pods, as the API server reaches into them ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogOptions:
    """``v1.PodLogOptions``; ``since`` is in seconds before now, ``tail`` in lines."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since_seconds: float | None = None
    since_time: str = ""
    tail_lines: int | None = None
    limit_bytes: int | None = None


Door = Literal["exec", "attach", "portforward"]


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """A command to run in a container; without a command the container's own program is meant (attach)."""

    container: str
    command: tuple[str, ...]
    stdin: bool = False
    tty: bool = False


class ExecStreams(Protocol):
    """The client's side of an exec session."""

    async def read_stdin(self) -> bytes:
        """Return the next input; empty at its end."""
        ...

    async def write_stdout(self, data: bytes) -> None:
        """Send output to the client."""
        ...

    async def write_stderr(self, data: bytes) -> None:
        """Send error output to the client."""
        ...

    async def next_size(self) -> tuple[int, int]:
        """Return columns and rows when the client's terminal gets a size; waits for ever when there is none."""
        ...


class PodAccess(Protocol):
    """What the kubelet serves to the API server. Errors are ``kube.status.ApiError``."""

    def check(self, namespace: str, name: str, container: str, door: Door) -> None:
        """Raise what the kubelet answers before it opens the door, in its bare words (code 500)."""
        ...

    def logs(self, namespace: str, name: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Yield the container's log from its lines on, endlessly with ``follow`` until the container ends."""
        ...

    async def exec(self, namespace: str, name: str, request: ExecRequest, streams: ExecStreams) -> int:
        """Run a command in a running container; return its exit code."""
        ...

    async def attach(self, namespace: str, name: str, request: ExecRequest, streams: ExecStreams) -> None:
        """Carry the streams of the container's own program until it ends."""
        ...

    async def connect(self, namespace: str, name: str, port: int) -> Route:
        """Find who listens on the pod's localhost; raises ``DialError``."""
        ...


# --- programs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Everything that starting a container needs to know, resolved (env and args expanded).

    ``root`` is the container's own tree on the host; mounts are links from it into ``volumes``. ``read_only`` names the
    container's paths that cannot be written.
    """

    pod_uid: str
    namespace: str
    pod_name: str
    pod_address: str
    container: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: Mapping[str, str]
    working_dir: str
    hostname: str
    node_name: str
    root: str
    volumes: str = ""
    read_only: tuple[str, ...] = ()
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    ports: Mapping[str, int] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


class RunningContainer(Protocol):
    """A started container."""

    async def wait(self) -> int:
        """Return the exit code when the container ends."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to end, and end it after the grace period."""
        ...

    async def exec(self, request: ExecRequest, streams: ExecStreams) -> int:
        """Run another command in it; return the exit code. Raises ``ExecError`` when there is no such command."""
        ...


@runtime_checkable
class TakesInput(Protocol):
    """A started container whose program reads what an attached client sends."""

    async def send_input(self, data: bytes) -> None:
        """Send input; empty data ends it."""
        ...

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the size of the client's terminal."""
        ...

    async def signal(self, number: int) -> None:
        """Send the signal of a key (Ctrl-C) to what runs in the foreground."""
        ...


class Program(Protocol):
    """What a catalogue entry makes of an image: something that can be started as a container."""

    async def start(self, spec: ContainerSpec, log: ContainerLog) -> RunningContainer:
        """Start the container; raises ``StartError`` where a runtime would report ``RunContainerError``."""
        ...


class ContainerLog(Protocol):
    """Where a container's output goes."""

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Append output as it came."""
        ...


class ExecError(Exception):
    """A command could not be started in a container; the text is runc's message."""


class StartError(Exception):
    """A container could not be started; the text is the runtime's message."""
