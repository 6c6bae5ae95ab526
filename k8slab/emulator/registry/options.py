"""What a caller asks of the registry, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from k8slab.emulator.api import Caller
from k8slab.emulator.store.entries import Change, Entry
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource

__all__ = ["Change", "Entry", "ListOptions", "Outcome", "Page", "WatchOptions", "WriteOptions"]


@dataclass(frozen=True, slots=True)
class ListOptions:
    """``metav1.ListOptions`` of a list, as texts of the URL. ``limit`` 0 means all."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """``metav1.ListOptions`` of a watch.

    ``since`` None (no resourceVersion) and 0 begin with the present objects as ``ADDED``; another revision begins
    after it. ``send_initial_events`` True begins with the present objects and ends them with a bookmark that has
    the annotation ``k8s.io/initial-events-end`` (only with ``bookmarks``, as Kubernetes demands); ``since`` is then the
    revision that the present state must have reached.
    """

    since: int | None = None
    label_selector: str = ""
    field_selector: str = ""
    send_initial_events: bool | None = None
    bookmarks: bool = False
    resource_version_match: str = ""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write.

    ``manager`` takes the fields that change (empty: nobody does); ``force`` lets an apply take those of others.
    ``managers_given``: the object comes with its managers, as an earlier step made them. ``warn`` is called with what
    the client is to be told of a write that passed. ``caller`` is the user who writes; None inside the cluster.
    """

    dry_run: bool = False
    manager: str = ""
    force: bool = False
    managers_given: bool = False
    warn: Callable[[str], None] | None = None
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a collection as it was at ``revision``. ``remaining`` is None where Kubernetes does not say."""

    entries: list[Entry]
    revision: int
    continue_token: str = ""
    remaining: int | None = None

    def body(self, resource: Resource) -> bytes:
        """Return the JSON of the list; joins the stored bytes."""
        metadata: dict[str, str | int] = {"resourceVersion": str(self.revision)}
        if self.continue_token:
            metadata["continue"] = self.continue_token
        if self.remaining is not None:
            metadata["remainingItemCount"] = self.remaining
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata}
        items = b",".join(entry.data for entry in self.entries)
        return orjson.dumps(head)[:-1] + b',"items":[' + items + b"]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a delete did: ``deleted`` says whether the object is gone or only marked.

    ``status`` is the ``Success`` Status that the server answers with, or None where it answers with the object.
    """

    entry: Entry
    deleted: bool
    status: Obj | None = None

    def body(self) -> bytes:
        """Return the JSON that the server answers with."""
        return self.entry.data if self.status is None else orjson.dumps(self.status)
