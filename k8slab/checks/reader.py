"""The door through which checks see a cluster. A session implements it; tests use a fake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from k8slab.kube.resources import Resource
from k8slab.snapshot import Snapshot

# Where a request starts: in a pod of the cluster, at a node's port, at the ingress controller, or on this machine.
Origin = Literal["inside", "nodePort", "ingress", "host"]


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """Requests to send, one connection each.

    ``url`` is as a learner would type it. ``origin`` says where it is sent from: ``inside`` from a pod (``from_pod``
    when named, any suitable one otherwise), ``nodePort`` to the address where the provider says that
    ``node_port`` can be reached (it replaces host and port of the URL), ``ingress`` to the ingress controller, whatever
    address the host of the URL has elsewhere, ``host`` from this machine, as it is.
    ``timeout_seconds`` bounds each single request. Redirects are not followed.
    """

    url: str
    origin: Origin = "host"
    namespace: str = "default"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    from_pod: str = ""
    node_port: int = 0
    repeat: int = 1
    timeout_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came back with. ``status`` is 0 when there was no HTTP answer; ``error`` then says why."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    error: str = ""

    def header(self, name: str) -> str | None:
        """Return the first header of that name (in any spelling of case), or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The answers in the order of the requests.

    ``error`` is set, and there are no answers, when the requests could not even be tried (no pod to send them from,
    the node port is not mapped); ``action`` is then the next command. ``target`` is the address really dialled.
    """

    answers: tuple[Answer, ...]
    target: str = ""
    error: str = ""
    action: str = ""


class Reader(Protocol):
    """How checks see a cluster. All methods are synchronous and may raise ``k8slab.errors.ClusterError``."""

    def snapshot(self, namespace: str, also: Collection[Resource] = ()) -> Snapshot:
        """Return the present picture, with ``namespace`` as the learner's (fast: from a cache fed by watches).

        Resources of ``also`` that are not pictured anyway are listed for it.
        """
        ...

    def wait_for_change(self, seen: Snapshot, seconds: float) -> bool:
        """Return True as soon as the cluster differs from ``seen``, False when it has not within ``seconds``."""
        ...

    def probe(self, probe: HttpProbe) -> ProbeResult:
        """Send the requests and return what came back; failures of single requests are answers, not exceptions."""
        ...

    def log(self, kind: str, name: str, namespace: str) -> str:
        """Return what a workload's containers have said, those that were restarted included; empty without any."""
        ...
