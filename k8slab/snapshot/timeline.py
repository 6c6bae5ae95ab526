"""The events of a namespace as a timeline: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from k8slab.kube.objects import Obj, dig
from k8slab.kube.resources import EVENTS
from k8slab.snapshot.lookups import event_time
from k8slab.snapshot.picture import Snapshot


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: how many seconds ago, whether it is a warning, about what, and what was said."""

    seconds_ago: float
    warning: bool
    reason: str
    subject: str
    message: str
    times: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, the newest last."""

    moments: tuple[Moment, ...]

    def __str__(self) -> str:
        if not self.moments:
            return "No events."
        return "\n".join(
            f"{_ago(moment.seconds_ago):>8}  {'!' if moment.warning else ' '} {moment.reason:<20} {moment.subject}: "
            f"{moment.message}{_times(moment)}"
            for moment in self.moments
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{_ago(moment.seconds_ago)}</td><td>{'⚠ Warning' if moment.warning else 'Normal'}</td>"
            f'<td style="text-align:left">{escape(moment.reason)}</td>'
            f'<td style="text-align:left">{escape(moment.subject)}</td>'
            f'<td style="text-align:left">{escape(moment.message + _times(moment))}</td></tr>'
            for moment in self.moments
        )
        head = "<tr><th>ago</th><th>type</th><th>reason</th><th>object</th><th>message</th></tr>"
        return f"<table>{head}{rows}</table>" if rows else "<p>No events.</p>"


def _times(moment: Moment) -> str:
    return f" (x{moment.times})" if moment.times > 1 else ""


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"


def timeline(snapshot: Snapshot, subject: str = "") -> Timeline:
    """Return the learner's events; ``subject`` (``pod/web``, ``web``) keeps those whose object begins so."""
    found = [_moment(snapshot, event) for event in sorted(snapshot.list(EVENTS), key=event_time)]
    kind, _, name = subject.rpartition("/")
    return Timeline(
        tuple(
            moment
            for moment in found
            if moment.subject.partition("/")[2].startswith(name) and moment.subject.lower().startswith(kind.lower())
        )
    )


def _moment(snapshot: Snapshot, event: Obj) -> Moment:
    about = event.get("involvedObject") or {}
    try:
        at = datetime.fromisoformat(event_time(event))
        ago = (snapshot.taken_at - at).total_seconds()
    except ValueError:
        ago = 0.0
    times = int(event.get("count") or dig(event, "series", "count", default=1))
    subject = f"{about.get('kind', '')}/{about.get('name', '')}"
    return Moment(
        ago,
        event.get("type") == "Warning",
        str(event.get("reason", "")),
        subject,
        str(event.get("message", "")).strip(),
        times,
    )
