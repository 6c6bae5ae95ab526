"""What the cluster said about an object: its events, the newest last."""

from __future__ import annotations

from k8slab.kube.objects import Obj, dig
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import events_about


def last_event(snapshot: Snapshot, obj: Obj, reasons: tuple[str, ...], containing: str = "") -> str:
    """Return the newest message with one of the reasons that holds a text; empty when there is none."""
    for event in reversed(events_about(snapshot, obj)):
        message = str(event.get("message", ""))
        if event.get("reason") in reasons and containing.lower() in message.lower():
            return message
    return ""


def times_of(snapshot: Snapshot, obj: Obj, reason: str) -> int:
    """Return how often an event of that reason happened."""
    return sum(
        int(event.get("count") or dig(event, "series", "count", default=1))
        for event in events_about(snapshot, obj)
        if event.get("reason") == reason
    )
