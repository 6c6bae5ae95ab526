"""A diagnosis for people and for programs: the same in a terminal, in a notebook and in a check's report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from k8slab.diagnose.findings import Evidence, Finding, Hop, first_of
from k8slab.diagnose.request import Request

_MARKS = {"ok": "✓", "broken": "✗", "doubtful": "?", "unknown": "·"}
_COLOURS = {"ok": "#1a7f37", "broken": "#b42318", "doubtful": "#b54708", "unknown": "#667085"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``first`` is the cause to look at first (None: nothing speaks against the request); ``others`` follow it."""

    request: Request
    evidence: Evidence
    hops: tuple[Hop, ...]
    first: Finding | None
    others: tuple[Finding, ...] = ()

    @property
    def cause(self) -> str:
        """Return the id of the first cause; an empty text when there is none."""
        return self.first.cause if self.first else ""

    @property
    def broken(self) -> Hop | None:
        """Return the hop of the first cause."""
        return next((hop for hop in self.hops if self.first in hop.findings), None) if self.first else None

    @property
    def wants_logs(self) -> tuple[str, ...]:
        """Return the containers whose last words would help: ``namespace/pod/container``."""
        found = (self.first, *self.others)
        return tuple(entry.logs for entry in found if entry and entry.logs and entry.logs not in self.evidence.logs)

    def headline(self) -> str:
        """Return the verdict in one sentence."""
        came = f" ({self.evidence.answer})" if self.evidence.answer else ""
        if self.first is None:
            if self.evidence.symptom == "ok":
                return f"It arrives{came}; nothing on the way is broken."
            return f"Nothing on the declared way is broken{came}."
        if self.evidence.symptom == "ok":
            return f"It arrives{came}, but: {self.first.text}"
        return self.first.text

    def __str__(self) -> str:
        return "\n".join(self._lines(""))

    __repr__ = __str__

    def text(self, prefix: str) -> str:
        """Return the text with a prefix for commands: ``%`` in a notebook."""
        return "\n".join(self._lines(prefix))

    def _lines(self, prefix: str) -> Iterator[str]:
        sender = "outside" if self.request.origin == "outside" else f"a pod of namespace {self.request.namespace}"
        yield f"Why: {self.request.method} {self.request.url} from {sender}"
        for number, hop in enumerate(self.hops, 1):
            shown = f"  [seen: {hop.shown}]" if hop.shown else ""
            yield f"  {number}. {_MARKS[hop.state]} {hop.name}: {hop.declared}{shown}"
        yield ""
        yield (f"First broken hop: {self.broken.name}. " if self.broken else "") + self.headline()
        if self.first is None:
            return
        yield f"  Cause:    {self.first.cause}"
        for entry in self.first.evidence:
            yield f"  Evidence: {entry}"
        if self.evidence.answer:
            yield f"  Answer:   {self.evidence.answer}"
        if self.first.command:
            yield f"  Try next: {_with_prefix(self.first.command, prefix)}"
        for other in self.others:
            yield f"  Also:     {other.text} [{other.cause}]"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="color:{_COLOURS[hop.state]};font-weight:600">{_MARKS[hop.state]}'
            f' {escape(hop.state)}</td><td style="text-align:left">{escape(hop.name)}</td><td'
            f' style="text-align:left">{escape(hop.declared)}</td><td'
            f' style="text-align:left">{escape(hop.shown)}</td></tr>'
            for hop in self.hops
        )
        found = ""
        if self.first is not None:
            lines = "".join(f"<li>{escape(line)}</li>" for line in self.first.evidence)
            command = _with_prefix(self.first.command, "%")
            next_step = f"<p>Try next: <code>{escape(command)}</code></p>" if command else ""
            found = f"<p><small>{escape(self.first.cause)}</small></p><ul>{lines}</ul>{next_step}"
            found += "".join(f"<p><small>Also: {escape(other.text)}</small></p>" for other in self.others)
        return (
            f"<table><thead><tr><th>state</th><th>hop</th><th>declared</th><th>seen</th></tr></thead><tbody>{rows}</tbody>"
            f"</table><p><b>{escape(self.headline())}</b></p>{found}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the diagnosis for JSON."""
        return {
            "url": self.request.url,
            "from": self.request.origin,
            "namespace": self.request.namespace,
            "answer": self.evidence.answer,
            "symptom": self.evidence.symptom,
            "ok": self.first is None,
            "cause": self.cause,
            "hop": self.broken.name if self.broken else "",
            "text": self.headline(),
            "evidence": list(self.first.evidence) if self.first else [],
            "command": self.first.command if self.first else "",
            "hops": [
                {"name": hop.name, "state": hop.state, "declared": hop.declared, "seen": hop.shown} for hop in self.hops
            ],
            "others": [{"cause": entry.cause, "text": entry.text} for entry in self.others],
        }


def _with_prefix(command: str, prefix: str) -> str:
    if command.startswith("%"):
        return command if prefix else command.removeprefix("%")
    return f"{prefix}{command}"


def diagnosis_of(request: Request, hops: tuple[Hop, ...], evidence: Evidence) -> Diagnosis:
    """Choose the first cause among the hops' findings and mark the hops."""
    found = tuple(finding for hop in hops for finding in hop.findings)
    first = first_of(found, evidence.symptom)
    if first is None and evidence.symptom not in ("", "ok"):
        first = _unexplained(evidence, hops)
        hops = (*hops[:-1], replace(hops[-1], findings=(*hops[-1].findings, first)))
        found = (*found, first)
    others = tuple(
        entry
        for entry in found
        if entry is not first and not entry.doubt and (not evidence.seen or entry.explains(evidence.symptom))
    )
    return Diagnosis(request, evidence, tuple(_marked(hops, first, evidence)), first, others)


def _unexplained(evidence: Evidence, hops: tuple[Hop, ...]) -> Finding:
    text = f"The objects declare a way as far as {hops[-1].name} ({hops[-1].declared}), and yet: {evidence.answer}"
    return Finding("unexplained", text, "kubectl get events", (evidence.answer,), frozenset({evidence.symptom}))


def _marked(hops: tuple[Hop, ...], first: Finding | None, evidence: Evidence) -> Iterator[Hop]:
    passed = False
    for hop in hops:
        if first is not None and first in hop.findings:
            passed = True
            yield replace(hop, state="doubtful" if first.doubt and not evidence.seen else "broken")
        elif passed and evidence.symptom != "ok":
            yield replace(hop, state="unknown")
        else:
            serious = any(not entry.doubt for entry in hop.findings)
            yield replace(hop, state="doubtful" if serious else "ok")
