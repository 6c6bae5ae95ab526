"""The narrow protocol that every kind of cluster fulfils; magics, checks and the command line know nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

Kind = Literal["embedded", "kind", "existing"]
State = Literal["running", "stopped", "died", "absent"]

# Called with one line of text whenever there is something to tell while a person waits.
Progress = Callable[[str], None]


class Address(NamedTuple):
    """Where something can be reached from this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a cluster without talking to its API.

    ``pid`` is 0 where there is no process of ours; ``server`` is the URL of the API; ``started`` is RFC 3339;
    ``detail`` is a sentence for people, with the next action where one is due.
    """

    name: str
    kind: Kind
    state: State
    pid: int = 0
    server: str = ""
    version: str = ""
    started: str = ""
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


class Provider(Protocol):
    """One cluster. Every method raises ``ClusterError`` with the next action."""

    @property
    def kind(self) -> Kind:
        """Return which sort of cluster this is."""
        ...

    @property
    def name(self) -> str:
        """Return the cluster's name as ``--name`` takes it."""
        ...

    @property
    def context(self) -> str:
        """Return the one context that its kubeconfig has."""
        ...

    def start(self, progress: Progress) -> Status:
        """Make the cluster answer; does nothing when it does already."""
        ...

    def stop(self, progress: Progress) -> Status:
        """Stop what k8slab started, with everything kept."""
        ...

    def reset(self, progress: Progress) -> Status:
        """Forget everything that was made in the cluster, and make it answer again."""
        ...

    def delete(self, progress: Progress) -> None:
        """Remove what k8slab made, with everything in it."""
        ...

    def status(self) -> Status:
        """Return the state as it is now."""
        ...

    def kubeconfig(self) -> Path:
        """Return the path of the cluster's own kubeconfig."""
        ...

    def reach(self, port: int) -> Address:
        """Return where a NodePort is reached from this machine."""
        ...


def silent(_line: str) -> None:
    """Take progress and show nothing."""
