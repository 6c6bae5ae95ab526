"""Follows one real request: what the objects declare at each hop, and what the logs of those who saw it show."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from k8slab.diagnose import Diagnosis, Request
from k8slab.diagnose.ingress.rules import decided, rules_text
from k8slab.errors import K8slabError
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import PODS
from k8slab.snapshot import Snapshot
from k8slab.snapshot.ingress_doors import controller_pods
from k8slab.traffic.access_log import Served, find_served
from k8slab.traffic.explaining import Lab, explain

_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class Trace:
    """The hops with both columns filled; ``rules`` are the host's paths with why each was taken or not."""

    diagnosis: Diagnosis
    seen: Mapping[str, str]
    rules: tuple[tuple[str, str], ...] = ()

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        marks = {"ok": "✓", "broken": "✗", "doubtful": "?", "unknown": "·"}
        for hop in self.diagnosis.hops:
            yield marks[hop.state], hop.name, hop.declared, self.seen.get(hop.name, hop.shown)

    def __str__(self) -> str:
        request = self.diagnosis.request
        lines = [f"Trace: {request.method} {request.url}"]
        for number, (mark, name, declared, seen) in enumerate(self._rows(), 1):
            lines += [f"  {number}. {mark} {name}", f"       declared: {declared}"]
            lines += [f"       seen:     {seen}"] if seen else []
            if name == "path":
                lines += [f"       rule {rule}: {reason}" for rule, reason in self.rules]
        return "\n".join([*lines, self.diagnosis.headline()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self._rows()
        )
        rules = "".join(f"<li>{escape(rule)}: {escape(reason)}</li>" for rule, reason in self.rules)
        head = "<tr><th></th><th>hop</th><th>declared (objects)</th><th>seen (the real request)</th></tr>"
        shown = f"<p>Rules of the host:</p><ul>{rules}</ul>" if rules else ""
        return (
            f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{shown}"
            f"<p><b>{escape(self.diagnosis.headline())}</b></p>"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the trace for JSON."""
        found = self.diagnosis.as_dict()
        rows = [
            {"mark": mark, "name": name, "declared": declared, "seen": seen}
            for mark, name, declared, seen in self._rows()
        ]
        return found | {"hops": rows, "rules": [{"rule": rule, "reason": reason} for rule, reason in self.rules]}


def trace(
    lab: Lab, url: str, source: str, namespace: str, *, tell: Callable[[str], None] | None = None, **more: Any
) -> Trace:  # fmt: skip
    """Send the request with a mark of its own, and find that mark in the logs of controller and pods."""
    marker = f"k8slab-trace/{secrets.token_hex(4)}"
    headers = {"User-Agent": marker, **more.pop("headers", {})}
    found = explain(lab, url, source, namespace, tell=tell, headers=headers, **more)
    snapshot = lab.full_snapshot(namespace)
    plain = replace(found, request=replace(found.request, headers={}))
    through_ingress = any(hop.name == "ingress controller" for hop in found.hops)
    rules = rules_text(decided(snapshot, found.request)) if through_ingress else ()
    return Trace(plain, dict(_seen(lab, snapshot, found, marker)), rules)


def _seen(lab: Lab, snapshot: Snapshot, found: Diagnosis, marker: str) -> Iterator[tuple[str, str]]:
    """Yield what the logs show, by the hop's name."""
    answer = found.evidence.answer
    if answer:
        yield "answer", answer
    served = _served(lab, snapshot, marker)
    if served is not None:
        yield "ingress controller", f"logged with status {served.status} after {served.seconds:.3f} s"
        yield "backend", f"chosen upstream {served.upstream or 'none'}"
        if served.address:
            pod = _pod_at(snapshot, served.address)
            yield (
                "endpoints",
                f"{served.address} answered" + (f" ({len(served.addresses)} tried)" if served.addresses[1:] else ""),
            )
            yield "pod", f"pod {name_of(pod)}" if pod else served.address
        return
    pod = _pod_that_logged(lab, snapshot, found.request, marker)
    if pod is not None:
        yield "pod", f"pod {name_of(pod)} logged the request"
        yield "endpoints", f"{dig(pod, 'status', 'podIP')} was chosen"


def _served(lab: Lab, snapshot: Snapshot, marker: str) -> Served | None:
    for pod in controller_pods(snapshot):
        log = _log(lab, pod)
        found = find_served(log, marker)
        if found is not None:
            return found
    return None


def _pod_at(snapshot: Snapshot, address: str) -> Obj | None:
    host = address.rpartition(":")[0]
    return next((pod for pod in snapshot.everywhere(PODS) if dig(pod, "status", "podIP") == host), None)


def _pod_that_logged(lab: Lab, snapshot: Snapshot, request: Request, marker: str) -> Obj | None:
    for pod in snapshot.list(PODS, request.namespace):
        if dig(pod, "status", "phase") == "Running" and marker in _log(lab, pod):
            return pod
    return None


def _log(lab: Lab, pod: Obj) -> str:
    container = str(dig(pod, "spec", "containers", 0, "name", default=""))
    try:
        return lab.current_log(namespace_of(pod), name_of(pod), container, _LOG_LINES)
    except K8slabError:
        return ""
